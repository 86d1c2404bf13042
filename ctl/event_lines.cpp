// SPDX-License-Identifier: Apache-2.0
#include "ctl/event_lines.hpp"

#include <array>
#include <string_view>

#include "ctl/cells.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl {
namespace {

Tone tone_of_event(std::string_view type) {
  if (type.ends_with("_up")) return Tone::good;
  if (type.ends_with("_down")) return Tone::bad;
  if (type == "refused" || type == "limit_reached") return Tone::warn;
  return type == "closed" ? Tone::faint : Tone::plain;
}

Cell type_cell(const Json& row, std::string_view field, const View&) {
  const auto type = row.text(field).value_or("");
  return {type, tone_of_event(type)};
}

/// "web", "feed", or of an upstream "web/u1".
Cell party_cell(const Json& row, std::string_view, const View&) {
  const auto party = row.text("listener").value_or(row.text("client").value_or(""));
  const auto upstream = row.text("upstream");
  return {upstream ? party + "/" + *upstream : party};
}

void add(std::string& words, const std::string& word) {
  if (word.empty()) return;
  words += (words.empty() ? "" : ", ") + word;
}

/// "token:ci POST /v1/listeners/web/pause: done"; "signal reload_config: done".
std::string change_text(const Json& row) {
  const auto outcome = row.text("change.outcome");
  if (!outcome) return {};
  std::string words = row.text("change.who").value_or("-");
  if (const auto user = row.text("change.user")) words += " (" + *user + ")";
  const auto method = row.text("change.method");
  words += " " + (method ? *method + " " + row.text("change.path").value_or("-")
                         : row.text("change.what").value_or("-"));
  return words + ": " + *outcome;
}

/// "remote fin, peer_fin, 1.5s, in 4 B, out 9 B".
Cell what_cell(const Json& row, std::string_view, const View& view) {
  std::string words = row.text("first").value_or("");
  if (const auto how = row.text("how")) words += (words.empty() ? "" : " ") + *how;
  add(words, row.text("reason").value_or(""));
  add(words, change_text(row));
  add(words, row.text("detail").value_or(""));
  add(words, millis_cell(row, "duration_ms", view).text);
  const auto in = bytes_cell(row, "bytes_in", view).text;
  const auto out = bytes_cell(row, "bytes_out", view).text;
  if (!in.empty()) add(words, "in " + in);
  if (!out.empty()) add(words, "out " + out);
  return {words};
}

struct Part {
  std::string_view field;
  std::size_t width;
  Cell (*show)(const Json& row, std::string_view field, const View& view);
};

Cell plain_cell(const Json& row, std::string_view field, const View&) {
  return {row.text(field).value_or("-")};
}

constexpr std::array kParts{Part{"at", 20, time_cell}, Part{"type", 13, type_cell},
                            Part{"listener", 12, party_cell}, Part{"connection", 8, plain_cell},
                            Part{"remote", 21, plain_cell}};

}  // namespace

std::vector<Column> event_columns() {
  return {
      {.title = "SEQ", .field = "seq", .align = Align::right, .wide = true},
      {.title = "TIME", .field = "at", .rank = 3, .show = time_cell},
      {.title = "EVENT", .field = "type", .rank = 0, .show = type_cell},
      {.title = "OF", .field = "listener", .rank = 0, .min = 8, .show = party_cell},
      {.title = "CLIENT", .field = "client", .wide = true},
      {.title = "UPSTREAM", .field = "upstream", .wide = true},
      {.title = "ID", .field = "connection", .rank = 1},
      {.title = "PEER", .field = "peer_id", .wide = true},
      {.title = "DIR", .field = "direction", .wide = true},
      {.title = "REMOTE", .field = "remote", .rank = 2, .min = 15},
      {.title = "PROXIED FOR", .field = "proxied_source", .wide = true},
      {.title = "FIRST", .field = "first", .wide = true},
      {.title = "HOW", .field = "how", .wide = true},
      {.title = "REASON", .field = "reason", .wide = true},
      {.title = "LASTED", .field = "duration_ms", .align = Align::right, .wide = true, .show = millis_cell},
      {.title = "IN", .field = "bytes_in", .align = Align::right, .wide = true, .show = bytes_cell},
      {.title = "OUT", .field = "bytes_out", .align = Align::right, .wide = true, .show = bytes_cell},
      {.title = "WHO", .field = "change.who", .wide = true},
      {.title = "CHANGE", .field = "change.what", .wide = true},
      {.title = "OUTCOME", .field = "change.outcome", .wide = true},
      {.title = "WHAT", .field = "detail", .rank = 4, .min = 12, .show = what_cell}};
}

std::string event_line(const Json& event, const View& view) {
  std::string line;
  for (const auto& part : kParts) {
    const Cell cell = part.show(event, part.field, view);
    const std::string text = safe(cell.text.empty() ? "-" : cell.text);
    line += toned(text, cell.tone, view.color);
    line.append(text.size() < part.width ? part.width - text.size() : 0, ' ').append("  ");
  }
  line += safe(what_cell(event, {}, view).text);
  while (line.ends_with(' ')) line.pop_back();
  return line + "\n";
}

}  // namespace tcpctl::ctl
