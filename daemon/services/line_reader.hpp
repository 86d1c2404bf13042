// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/text.hpp"

namespace tcpctl {

/// Cuts a stream of bytes into lines that end at LF or CRLF; the terminator belongs to no line.
///
/// A line that comes in one piece is not copied; of one that comes in several, at most `limit` bytes (and a
/// CR) are kept. Threads: one owner.
class LineReader {
 public:
  enum class Found { line, none, too_long };
  struct Step {
    Found found;
    std::string_view line;  // valid until the next call, and as long as the bytes that were given
    std::size_t used;       // how many of the bytes were taken
  };

  explicit LineReader(std::size_t limit) : limit_{limit} {}

  /// The next line of `bytes` and of what was kept before. `none` takes them all and waits for more.
  [[nodiscard]] Step next(ByteView bytes) {
    if (complete_) forget();
    const auto text = as_text(bytes);
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return keep(text);
    const auto piece = text.substr(0, end);
    const auto last = piece.empty() ? (kept_.empty() ? '\0' : kept_.back()) : piece.back();
    const auto length = kept_.size() + piece.size() - (last == '\r' ? 1 : 0);
    if (length > limit_) return {Found::too_long, {}, 0};
    if (kept_.empty()) return {Found::line, piece.substr(0, length), end + 1};
    kept_.append(piece);
    complete_ = true;
    return {Found::line, std::string_view{kept_}.substr(0, length), end + 1};
  }

  /// What has come of a line whose end has not.
  [[nodiscard]] std::string_view unfinished() const { return complete_ ? std::string_view{} : kept_; }

 private:
  static constexpr std::size_t kSpare = 1024;  // capacity that an idle connection may hold on to

  Step keep(std::string_view text) {
    const auto length = kept_.size() + text.size();
    const bool may_be_crlf = length == limit_ + 1 && !text.empty() && text.back() == '\r';
    if (length > limit_ && !may_be_crlf) return {Found::too_long, {}, 0};
    kept_.append(text);
    return {Found::none, {}, text.size()};
  }

  void forget() {
    complete_ = false;
    kept_.clear();
    if (kept_.capacity() > kSpare) kept_.shrink_to_fit();
  }

  const std::size_t limit_;
  std::string kept_;
  bool complete_{false};  // `kept_` is a line that was given out
};

}  // namespace tcpctl
