// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "base/text.hpp"
#include "stats/snapshot.hpp"

namespace tcpctl {

/// The last bytes of a stream, readable by their offset in it. It grows to its limit as bytes come.
class ByteRing {
 public:
  explicit ByteRing(std::size_t limit) : limit_{limit} {}

  void add(ByteView bytes) {
    end_ += bytes.size();
    const auto kept = bytes.last(std::min(bytes.size(), limit_));
    const std::size_t over = data_.size() + kept.size() > limit_ ? data_.size() + kept.size() - limit_ : 0;
    data_.erase(0, over);
    data_.append(kept.data(), kept.size());
  }

  /// What is there from the offset `from` on.
  [[nodiscard]] ReceivedRow read(std::uint64_t from) const {
    const std::uint64_t begin = end_ - data_.size();
    const std::uint64_t first = std::clamp(from, begin, end_);
    return {first, end_, first > from ? first - from : 0, data_.substr(first - begin)};
  }

 private:
  const std::size_t limit_;
  std::string data_;
  std::uint64_t end_{0};
};

}  // namespace tcpctl
