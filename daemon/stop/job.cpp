// SPDX-License-Identifier: Apache-2.0
#include "stop/job.hpp"

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include <systemd/sd-bus.h>

namespace tcpctl::stop {
namespace {

constexpr const char* kManager = "org.freedesktop.systemd1";

struct Unref {
  void operator()(sd_bus* bus) const { ::sd_bus_flush_close_unref(bus); }
  void operator()(sd_bus_message* message) const { ::sd_bus_message_unref(message); }
};
struct Free {
  void operator()(char* text) const { std::free(text); }
};
using Bus = std::unique_ptr<sd_bus, Unref>;
using Message = std::unique_ptr<sd_bus_message, Unref>;

/// The bus, or null.
Bus open_bus() {
  sd_bus* bus = nullptr;
  ::sd_bus_open_system(&bus);
  return Bus{bus};
}

/// The path of the unit's object; empty if there is none.
std::string unit_of(sd_bus& bus, pid_t process) {
  sd_bus_message* answer = nullptr;
  ::sd_bus_call_method(&bus, kManager, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
                       "GetUnitByPID", nullptr, &answer, "u", static_cast<std::uint32_t>(process));
  const Message owner{answer};
  const char* path = nullptr;
  if (!owner || ::sd_bus_message_read(answer, "o", &path) <= 0) return {};
  return path;
}

/// The path of the object of the unit's job; empty if it has none.
std::string job_of(sd_bus& bus, const std::string& unit) {
  sd_bus_message* answer = nullptr;
  ::sd_bus_get_property(&bus, kManager, unit.c_str(), "org.freedesktop.systemd1.Unit", "Job", nullptr,
                        &answer, "(uo)");
  const Message owner{answer};
  std::uint32_t id = 0;
  const char* path = nullptr;
  if (!owner || ::sd_bus_message_read(answer, "(uo)", &id, &path) <= 0 || id == 0) return {};
  return path;
}

}  // namespace

std::optional<pid_t> parse_pid(std::string_view text) {
  pid_t process = 0;
  const auto* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, process);
  // 0 and negative numbers are groups of processes to kill(2), 1 is the manager itself.
  if (read.ec != std::errc{} || read.ptr != end || process <= 1) return std::nullopt;
  return process;
}

bool is_to_drain(std::string_view job_type) { return job_type == "stop"; }

std::optional<std::string> job_type_of(pid_t daemon) {
  const auto bus = open_bus();
  if (!bus) return std::nullopt;
  const auto unit = unit_of(*bus, daemon);
  if (unit.empty()) return std::nullopt;
  const auto job = job_of(*bus, unit);
  if (job.empty()) return std::nullopt;
  char* type = nullptr;
  ::sd_bus_get_property_string(bus.get(), kManager, job.c_str(), "org.freedesktop.systemd1.Job", "JobType",
                               nullptr, &type);
  const std::unique_ptr<char, Free> owner{type};
  if (!owner) return std::nullopt;
  return type;
}

}  // namespace tcpctl::stop
