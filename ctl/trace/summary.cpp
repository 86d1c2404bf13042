// SPDX-License-Identifier: Apache-2.0
#include "ctl/trace/summary.hpp"

#include <fmt/format.h>

#include "ctl/format.hpp"
#include "ctl/sheet.hpp"

namespace tcpctl::ctl::trace {
namespace {

constexpr std::size_t kMostLines = 100;

std::string name_of(const Connection& connection) {
  return connection.id.empty() ? fmt::format("#{}", connection.number) : connection.id;
}

std::string end_text(const Flow& flow) {
  const auto end = flow.first_end();
  if (!end) return {};
  return fmt::format("{}, with {}", end->from == 0 ? "the initiator" : "the responder",
                     end->reset ? "RST" : "FIN");
}

std::string handshake_text(const Flow& flow) {
  const auto time = flow.handshake();
  return time ? micros_text(std::chrono::duration<double, std::micro>(*time).count()) : "";
}

std::string both(std::uint64_t initiator, std::uint64_t responder) {
  return fmt::format("{} from the initiator, {} from the responder", exact_text(initiator),
                     exact_text(responder));
}

void add_facts(Sheet& sheet, const Connection& connection) {
  const auto& flow = connection.flow;
  const auto& there = flow.sent(0);
  const auto& back = flow.sent(1);
  sheet.group(fmt::format("Connection {}", name_of(connection)));
  sheet.fact("Initiator", connection.initiator.text());
  sheet.fact("Responder", connection.responder.text());
  sheet.fact("Segments", both(there.segments, back.segments));
  sheet.fact("Bytes", both(there.bytes, back.bytes));
  sheet.fact("Retransmitted", both(there.retransmissions, back.retransmissions));
  sheet.fact("Handshake", handshake_text(flow));
  sheet.fact("Ended first by", end_text(flow));
  sheet.fact("Seen for", span_text(milliseconds(flow.last_at() - flow.first_at())));
}

/// "2-1417  10.0.0.7:51344 to 10.0.0.1:8080: 12 segments, 512 B there, 5.1 kB back, 1 retransmitted"
std::string line_of(const Connection& connection) {
  const auto& flow = connection.flow;
  const auto& there = flow.sent(0);
  const auto& back = flow.sent(1);
  const auto again = there.retransmissions + back.retransmissions;
  const auto segments = there.segments + back.segments;
  auto line = fmt::format("{:<8}  {} to {}: {} segment{}, {} there, {} back", name_of(connection),
                          connection.initiator.text(), connection.responder.text(), exact_text(segments),
                          segments == 1 ? "" : "s", bytes_text(static_cast<double>(there.bytes)),
                          bytes_text(static_cast<double>(back.bytes)));
  if (again > 0) line += fmt::format(", {} retransmitted", exact_text(again));
  if (flow.handshake()) line += fmt::format(", handshake {}", handshake_text(flow));
  if (flow.first_end()) line += fmt::format(", ended first by {}", end_text(flow));
  return line;
}

void add_count(std::string& words, std::uint64_t count, std::string_view what) {
  if (count > 0) words += fmt::format("; {} {}", exact_text(count), what);
}

}  // namespace

std::string summary_of(const Flows& flows, const View& view) {
  if (flows.all().empty()) return {};
  Sheet sheet{view};
  if (flows.all().size() == 1) {
    add_facts(sheet, flows.all().front());
    return sheet.text();
  }
  sheet.group("Connections");
  std::size_t left = kMostLines;
  for (const auto& connection : flows.all()) {
    if (left-- == 0) break;
    sheet.line(line_of(connection));
  }
  if (flows.all().size() > kMostLines)
    sheet.line(fmt::format("and {} more", exact_text(flows.all().size() - kMostLines)));
  return sheet.text();
}

std::string tally_text(const Tally& tally, const Flows& flows, std::optional<std::uint64_t> dropped) {
  const auto connections = flows.all().size() + flows.forgotten();
  auto text =
      fmt::format("{} segment{} of {} connection{}", exact_text(tally.segments),
                  tally.segments == 1 ? "" : "s", exact_text(connections), connections == 1 ? "" : "s");
  add_count(text, tally.copies, "copies of them on other interfaces left out");
  add_count(text, tally.fragments, "later fragments left out");
  add_count(text, tally.cut, "cut within their headers");
  add_count(text, tally.malformed, "malformed");
  add_count(text, tally.other, "that are no TCP");
  if (dropped) text += fmt::format("; {} dropped by the kernel", exact_text(*dropped));
  return text;
}

}  // namespace tcpctl::ctl::trace
