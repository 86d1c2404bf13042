// SPDX-License-Identifier: Apache-2.0
#include "steps/sent_mask.hpp"

#include <algorithm>

namespace tcpctl {
namespace {

constexpr std::string_view kMask = "<sent>";
constexpr std::size_t kShortest = 4;  // less is found by chance, and would hide what the peer says itself

std::vector<std::string_view> lines_of(const std::vector<std::string_view>& texts) {
  std::vector<std::string_view> lines;
  for (std::string_view text : texts) {
    while (!text.empty()) {
      const auto end = std::min(text.find_first_of("\r\n"), text.size());
      if (end >= kShortest) lines.push_back(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }
  return lines;
}

/// The longest end of `left` that `right` begins with. Linear in time: Knuth, Morris, Pratt.
std::size_t overlap(std::string_view left, std::string_view right) {
  right = right.substr(0, left.size());
  left = left.substr(left.size() - right.size());
  std::vector<std::size_t> borders(right.size(), 0);
  const auto next = [&](std::size_t matched, char c) {
    while (matched > 0 && (matched == right.size() || right[matched] != c)) matched = borders[matched - 1];
    return matched < right.size() && right[matched] == c ? matched + 1 : matched;
  };
  for (std::size_t i = 1; i < right.size(); ++i) borders[i] = next(borders[i - 1], right[i]);
  std::size_t matched = 0;
  for (const char c : left) matched = next(matched, c);
  return matched;
}

std::size_t longest_at(std::string_view received, const std::vector<std::string_view>& lines) {
  std::size_t longest = 0;
  for (const auto line : lines) {
    if (line.size() > longest && received.starts_with(line)) longest = line.size();
  }
  return longest;
}

}  // namespace

std::string without_sent(std::string_view received, const std::vector<std::string_view>& sent,
                         std::size_t enough) {
  const auto lines = lines_of(sent);
  std::size_t head = 0;
  std::size_t tail = 0;
  for (const auto line : lines) {
    head = std::max(head, overlap(line, received));
    tail = std::max(tail, overlap(received, line));
  }
  const auto last = tail >= kShortest ? received.size() - tail : received.size();
  std::string shown;
  for (std::size_t at = 0; at < received.size() && shown.size() <= enough;) {
    auto hidden = longest_at(received.substr(at), lines);
    if (at == 0 && head >= kShortest) hidden = std::max(hidden, head);
    if (at >= last) hidden = received.size() - at;
    shown += hidden > 0 ? kMask : received.substr(at, 1);
    at += std::max<std::size_t>(hidden, 1);
  }
  return shown;
}

}  // namespace tcpctl
