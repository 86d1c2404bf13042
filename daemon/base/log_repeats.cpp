// SPDX-License-Identifier: Apache-2.0
#include "base/log_repeats.hpp"

#include <chrono>

#include <fmt/format.h>

namespace tcpctl::log {
namespace {

constexpr Duration kLook = std::chrono::seconds{1};

bool is_limited(const Record& record) {
  return record.level >= Level::info && !record.event.ends_with(".change");
}

std::string first_field(const Record& record) {
  if (record.fields.empty()) return {};
  return fmt::format("{}={}", record.fields.front().key, record.fields.front().value);
}

}  // namespace

bool Repeats::passes(const Record& record, Instant time) {
  if (!is_limited(record)) return true;
  Window& window = windows_[{std::string{record.event}, first_field(record)}];
  if (window.lines == 0) window.begin = time;
  return ++window.lines <= kMost;
}

std::vector<Repeats::Held> Repeats::over(Instant time) {
  std::vector<Held> held;
  if (time - looked_ < kLook) return held;
  looked_ = time;
  std::erase_if(windows_, [&](const auto& entry) {
    const auto& [key, window] = entry;
    if (time - window.begin < kWithin) return false;
    if (window.lines > kMost) held.push_back({key.first, key.second, window.lines - kMost});
    return true;
  });
  return held;
}

}  // namespace tcpctl::log
