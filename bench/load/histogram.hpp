// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace tcpctl::bench {

/// Latencies in nanoseconds, each kept to within 1/64 of its value, at a fixed cost per sample.
class LatencyHistogram {
 public:
  void add(std::int64_t nanoseconds) {
    ++buckets_[index(nanoseconds < 0 ? 0 : static_cast<std::uint64_t>(nanoseconds))];
    ++count_;
  }

  void merge(const LatencyHistogram& other) {
    for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
    count_ += other.count_;
  }

  [[nodiscard]] std::uint64_t count() const { return count_; }

  /// The value in nanoseconds that the share `quantile` (0 to 1) of all samples does not pass; 0 without
  /// samples.
  [[nodiscard]] std::uint64_t at(double quantile) const {
    const auto wanted = static_cast<std::uint64_t>(quantile * static_cast<double>(count_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i];
      if (seen > wanted || (seen == count_ && seen > 0)) return lower_bound(i);
    }
    return 0;
  }

 private:
  // Below 64 ns a bucket is one nanosecond; above, each power of two is cut into 64.
  static constexpr unsigned kBits = 6;
  static constexpr std::size_t kPerOctave = std::size_t{1} << kBits;

  static constexpr std::size_t index(std::uint64_t value) {
    if (value < kPerOctave) return static_cast<std::size_t>(value);
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - kBits - 1;
    return (shift << kBits) + static_cast<std::size_t>(value >> shift);
  }
  static constexpr std::uint64_t lower_bound(std::size_t index) {
    if (index < 2 * kPerOctave) return index;
    const auto shift = (index >> kBits) - 1;
    return (index - (shift << kBits)) << shift;
  }

  std::array<std::uint64_t, (64 - kBits + 1) * kPerOctave> buckets_{};
  std::uint64_t count_{0};
};

}  // namespace tcpctl::bench
