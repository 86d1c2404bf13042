// SPDX-License-Identifier: Apache-2.0
#include "ctl/connect/report.hpp"

#include <cerrno>

#include <fmt/format.h>

#include "ctl/cells.hpp"
#include "ctl/format.hpp"
#include "ctl/json.hpp"
#include "ctl/sequence_picture.hpp"
#include "ctl/sheet.hpp"
#include "ctl/terminal.hpp"
#include "ctl/time_line.hpp"

namespace tcpctl::ctl {
namespace {

std::string took(Duration duration) {
  return micros_text(std::chrono::duration<double, std::micro>(duration).count());
}

std::string fate(const Attempt& attempt) {
  if (attempt.error == ECANCELED) return "left";
  return attempt.error == ETIMEDOUT ? "no answer" : errno_text(attempt.error);
}

void end_facts(Sheet& sheet, const Json& facts) {
  const auto close = facts.at("close");
  sheet.fact("Ended first by", fmt::format("{}, with {}", close.at("first").raw(), close.at("how").raw()));
  sheet.fact("Reason", close.at("reason").raw());
  if (const auto detail = close.text("detail"); detail && !detail->empty()) sheet.fact("Detail", *detail);
  sheet.fact("State", facts.at("state").raw());
  sheet.fact("Lasted", millis_cell(close, "duration_ms", {}).text);
}

void traffic_facts(Sheet& sheet, const Json& facts) {
  sheet.fact("In", exact_bytes(facts, "bytes_in"));
  sheet.fact("Out", exact_bytes(facts, "bytes_out"));
  if (!facts.at("tcp").is_object()) return;
  sheet.fact("Round trip", micros_cell(facts, "tcp.rtt_us", {}).text);
  sheet.fact("Retransmitted", exact_count(facts, "tcp.retransmits_total"));
}

}  // namespace

std::string resolved_line(const Target& target) {
  if (!target.is_name) return {};
  std::string addresses;
  for (const auto& each : target.addresses) addresses += (addresses.empty() ? "" : ", ") + each.text();
  return fmt::format("{} is {}\n", safe(target.text), addresses);
}

std::string attempt_lines(const Life& life) {
  std::string lines;
  for (const auto& attempt : life.attempts()) {
    // The kernel's own figure does not depend on when this process was woken.
    const auto time = attempt.error == 0 && life.handshake_rtt()
                          ? micros_text(static_cast<double>(*life.handshake_rtt()))
                          : took(attempt.ended - attempt.begun);
    lines += attempt.error == 0 ? fmt::format("connected to {} from {}, handshake {}\n", attempt.to.text(),
                                              life.local().text(), time)
                                : fmt::format("{}: {} after {}\n", attempt.to.text(), fate(attempt), time);
  }
  return lines;
}

std::string life_sheet(const Life& life, const View& view) {
  const auto facts = Json::parse(life.json());
  if (!facts) return {};
  Sheet sheet{view};
  sheet.group(fmt::format("Connection to {}", life.remote().text()));
  end_facts(sheet, *facts);
  traffic_facts(sheet, *facts);
  auto sequence = sequence_of(*facts, std::nullopt);
  sequence.lifelines.back() = "server";
  const auto picture = sequence_picture(sequence, view);
  if (!picture.empty()) sheet.group("Sequence");
  for (const auto& line : picture) sheet.line(line);
  if (picture.empty() || view.wide) add_time_line(sheet, *facts, view);
  return sheet.text();
}

}  // namespace tcpctl::ctl
