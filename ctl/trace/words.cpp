// SPDX-License-Identifier: Apache-2.0
#include "ctl/trace/words.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.hpp"
#include "ctl/base64.hpp"
#include "ctl/json.hpp"

namespace tcpctl::ctl::trace {
namespace {

constexpr std::size_t kPayloadBytes = 64;  // that are told

std::string sack_word(const Options& options, std::uint32_t base) {
  std::string blocks;
  for (const auto& block : options.sack)
    blocks += fmt::format("{}{}:{}", blocks.empty() ? "" : ",", block.left - base, block.right - base);
  return fmt::format("sack={{{}}}", blocks);
}

/// Those that open a connection are always told, those of every segment only in full.
void add_options(std::vector<std::string>& words, const Segment& segment, const Style& style) {
  const auto& options = segment.options;
  const bool all = style.full || segment.has(Segment::kSyn);
  if (options.mss) words.push_back(fmt::format("mss={}", *options.mss));
  if (options.sack_permitted) words.emplace_back("sackOK");
  if (options.window_scale) words.push_back(fmt::format("ws={}", *options.window_scale));
  if (all && options.timestamps)
    words.push_back(fmt::format("ts={}/{}", options.timestamps->value, options.timestamps->echo));
  for (const auto& unknown : options.unknown) {
    if (all) words.push_back(fmt::format("opt{}[{}]", unknown.kind, unknown.length));
  }
  if (options.malformed) words.emplace_back("[malformed options]");
  if (options.cut) words.emplace_back("[options cut]");
}

std::string note_word(Note note, const Place& place) {
  if (note == Note::duplicate_ack) return fmt::format("[{} {}]", text(note), place.duplicates);
  return fmt::format("[{}]", text(note));
}

std::string in_quotes(std::string_view text) { return json_string(text).value_or("null"); }

template <class Number>
std::string or_null(const std::optional<Number>& number) {
  return number ? fmt::format("{}", *number) : "null";
}

template <class Items, class Text>
std::string list(const Items& items, Text text) {
  std::string out;
  for (const auto& item : items) out.append(out.empty() ? "" : ", ").append(text(item));
  return fmt::format("[{}]", out);
}

std::string options_json(const Options& options) {
  const auto stamps = options.timestamps;
  return fmt::format(
      R"({{"mss": {}, "window_scale": {}, "sack_permitted": {}, "sack": {}, "timestamps": {}, )"
      R"("unknown": {}, "malformed": {}, "cut": {}}})",
      or_null(options.mss), or_null(options.window_scale), options.sack_permitted,
      list(options.sack, [](const auto& block) { return fmt::format("[{}, {}]", block.left, block.right); }),
      stamps ? fmt::format(R"({{"value": {}, "echo": {}}})", stamps->value, stamps->echo) : "null",
      list(options.unknown,
           [](const auto& each) {
             return fmt::format(R"({{"kind": {}, "length": {}}})", each.kind, each.length);
           }),
      options.malformed, options.cut);
}

std::string state_json(const std::optional<tcp::State>& state) {
  return state ? in_quotes(tcp::text(*state)) : "null";
}

}  // namespace

std::vector<std::string> words_of(const Segment& segment, const Place& place, const Style& style) {
  std::vector<std::string> words{flags_text(segment.flags)};
  words.push_back(fmt::format("seq={}", style.absolute ? segment.seq : place.seq));
  if (place.ack) words.push_back(fmt::format("ack={}", style.absolute ? segment.ack : *place.ack));
  if (segment.length > 0) words.push_back(fmt::format("len={}", segment.length));
  for (const auto note : place.notes) words.push_back(note_word(note, place));
  words.push_back(fmt::format("win={}", place.window_bytes.value_or(segment.window)));
  if (!segment.options.sack.empty())
    words.push_back(sack_word(segment.options, style.absolute ? 0 : place.other_base.value_or(0)));
  add_options(words, segment, style);
  return words;
}

std::string payload_text(const Segment& segment, std::size_t width) {
  if (segment.payload.empty() || width < 8) return {};
  // An escape takes four columns at most, the quotes and the dots five.
  const auto most = std::min(kPayloadBytes, width - 5);
  auto shown = escaped(as_bytes(segment.payload), most);
  for (auto count = std::min(most, segment.payload.size()); shown.size() + 2 > width && count > 1;)
    shown = escaped(as_bytes(segment.payload), --count);
  return fmt::format("\"{}\"", shown);
}

Tone tone_of(const Segment& segment, const Place& place) {
  if (segment.has(Segment::kRst)) return Tone::bad;
  const auto is_odd = [](Note note) {
    return note != Note::window_update && note != Note::keep_alive && note != Note::keep_alive_ack;
  };
  if (std::ranges::any_of(place.notes, is_odd)) return Tone::warn;
  return segment.has(Segment::kSyn | Segment::kFin) ? Tone::strong : Tone::plain;
}

std::string segment_json(const Segment& segment, const Place& place, WallTime at, std::string_view id,
                         unsigned number, const Style& style) {
  const auto payload = segment.payload.substr(0, kPayloadBytes);
  return fmt::format(
      R"({{"at": {}, "connection": {}, "n": {}, "from": {}, "to": {}, "initiator": {}, "flags": {}, )"
      R"("seq": {}, "ack": {}, "seq_relative": {}, "ack_relative": {}, "length_bytes": {}, )"
      R"("window": {}, "window_bytes": {}, "options": {}, "notes": {}, "duplicate_acks": {}, )"
      R"("states": {{"initiator": {}, "responder": {}}}, "payload_base64": {}}})",
      in_quotes(rfc3339(at)), id.empty() ? "null" : in_quotes(id), number, in_quotes(segment.from.text()),
      in_quotes(segment.to.text()), place.from == 0,
      list(flag_names(segment.flags), [](std::string_view name) { return in_quotes(name); }), segment.seq,
      place.ack ? fmt::to_string(segment.ack) : "null", place.seq, or_null(place.ack), segment.length,
      segment.window, or_null(place.window_bytes), options_json(segment.options),
      list(place.notes, [](Note note) { return in_quotes(word(note)); }), place.duplicates,
      state_json(place.states[0]), state_json(place.states[1]),
      style.payload ? in_quotes(to_base64(payload)) : "null");
}

}  // namespace tcpctl::ctl::trace
