// SPDX-License-Identifier: Apache-2.0
#include "ctl/cells.hpp"

#include <algorithm>
#include <array>

namespace tcpctl::ctl {
namespace {

template <std::size_t N>
bool among(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

Cell number_cell(const Json& row, std::string_view field, std::string (*text)(double)) {
  const auto value = row.number(field);
  return {value ? text(*value) : ""};
}

}  // namespace

Cell bytes_cell(const Json& row, std::string_view field, const View&) {
  return number_cell(row, field, bytes_text);
}
Cell count_cell(const Json& row, std::string_view field, const View&) {
  return number_cell(row, field, count_text);
}
Cell millis_cell(const Json& row, std::string_view field, const View&) {
  return number_cell(row, field, span_text);
}
Cell micros_cell(const Json& row, std::string_view field, const View&) {
  return number_cell(row, field, micros_text);
}

Cell time_cell(const Json& row, std::string_view field, const View& view) {
  return {moment(row, field, view, Precision::seconds)};
}

Cell state_cell(const Json& row, std::string_view field, const View&) {
  const auto state = row.text(field).value_or("");
  return {state, tone_of_state(state)};
}

Cell sum_cell(const Json& row, std::string_view field, const View&) {
  if (!row.at(field).is_object()) return {};
  double sum = 0;
  for (const auto& [name, value] : row.members(field)) sum += value.number().value_or(0);
  return {count_text(sum), sum > 0 ? Tone::warn : Tone::plain};
}

Cell yes_no_cell(const Json& row, std::string_view field, const View&) {
  const auto truth = row.truth(field);
  return {truth ? (*truth ? "yes" : "no") : ""};
}

std::string exact_bytes(const Json& object, std::string_view field) {
  const auto count = object.count(field);
  if (!count) return {};
  const auto exact = exact_text(*count) + (*count == 1 ? " byte" : " bytes");
  return *count < 1000 ? exact : exact + " (" + bytes_text(static_cast<double>(*count)) + ")";
}

std::string exact_count(const Json& object, std::string_view field) {
  const auto count = object.count(field);
  return count ? exact_text(*count) : object.at(field).raw();
}

std::string counts_in_words(const Json& object, std::string_view field) {
  if (!object.at(field).is_object()) return {};
  std::string words;
  for (const auto& [name, value] : object.members(field)) {
    if (value.number().value_or(0) == 0) continue;
    words += (words.empty() ? "" : ", ") + name + " " + exact_count(value, "");
  }
  return words.empty() ? "none" : words;
}

Tone tone_of_state(std::string_view state) {
  constexpr std::array<std::string_view, 6> kGood{"up", "listening", "ESTABLISHED", "ready", "ok", "running"};
  constexpr std::array<std::string_view, 4> kBad{"failed", "down", "error", "maint"};
  constexpr std::array<std::string_view, 3> kFaint{"CLOSED", "TIME_WAIT", "closed"};
  if (among(kGood, state)) return Tone::good;
  if (among(kBad, state)) return Tone::bad;
  if (among(kFaint, state)) return Tone::faint;
  return state.empty() ? Tone::plain : Tone::warn;
}

std::string moment(const Json& object, std::string_view field, const View& view, Precision precision) {
  const auto text = object.text(field);
  if (!text) return {};
  const auto time = parse_time(*text);
  return time ? time_text(*time, view.utc, precision) : *text;
}

std::string joined(const std::vector<Json>& items) {
  std::string text;
  for (const auto& item : items) text += (text.empty() ? "" : ", ") + item.raw();
  return text;
}

}  // namespace tcpctl::ctl
