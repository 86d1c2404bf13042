// SPDX-License-Identifier: Apache-2.0
#include "ctl/event_stream.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

namespace tcpctl::ctl {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::uint32_t kShortestRetryMs = 100, kLongestRetryMs = 60'000;

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::chrono::milliseconds retry_of(std::string_view digits) {
  std::uint32_t ms = kLongestRetryMs;
  std::from_chars(digits.data(), digits.data() + digits.size(), ms);
  return std::chrono::milliseconds{std::clamp(ms, kShortestRetryMs, kLongestRetryMs)};
}

}  // namespace

bool EventStream::feed(std::string_view bytes) {
  for (const char c : bytes) {
    if (broken_) return false;
    const bool is_second_half = c == '\n' && after_cr_;
    after_cr_ = c == '\r';
    if (is_second_half) continue;
    if (c == '\n' || c == '\r') {
      take_line();
    } else {
      line_ += c;
    }
    broken_ = line_.size() > kLongest || data_.size() > kLongest;
  }
  return !broken_;
}

void EventStream::take_line() {
  std::string_view line = line_;
  if (std::exchange(at_start_, false) && line.starts_with(kByteOrderMark))
    line.remove_prefix(kByteOrderMark.size());
  if (line.empty()) {
    dispatch();
  } else if (const auto colon = line.find(':'); colon == std::string_view::npos) {
    take_field(line, {});
  } else if (colon > 0) {  // else it is a comment
    auto value = line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    take_field(line.substr(0, colon), value);
  }
  line_.clear();
}

void EventStream::take_field(std::string_view name, std::string_view value) {
  if (name == "data") {
    if (std::exchange(has_data_, true)) data_ += '\n';
    data_ += value;
  } else if (name == "event") {
    type_ = value;
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos) id_ = value;
  } else if (name == "retry" && is_digits(value)) {
    retry_ = retry_of(value);
  }
}

void EventStream::dispatch() {
  last_id_ = id_;
  if (first_id_.empty()) first_id_ = id_;
  Event event{std::exchange(type_, {}), std::exchange(data_, {})};
  if (!std::exchange(has_data_, false)) return;
  if (event.type.empty()) event.type = "message";
  listener_(event);
}

}  // namespace tcpctl::ctl
