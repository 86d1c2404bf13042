// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/heap.hpp"
#include "stats/snapshot.hpp"

namespace tcpctl {

/// The moments of one connection's life, each at most once and the first time only.
///
/// An open connection has four at most, which lie in the object (48 bytes); those of its end are allocated,
/// and make it 128.
/// Threads: a plain value.
class Timeline {
 public:
  Timeline() = default;
  Timeline(const Timeline& other);
  Timeline& operator=(const Timeline& other);
  Timeline(Timeline&&) noexcept = default;
  Timeline& operator=(Timeline&&) noexcept = default;
  ~Timeline() = default;

  void seen(TimelineEvent event, Instant when);
  /// It must have happened, but the kernel does not tell when.
  void inferred(TimelineEvent event);
  /// What was seen, in order, for `seen` to be told again; the others of those that it `has` are inferred.
  [[nodiscard]] std::vector<std::pair<TimelineEvent, Instant>> moments() const;
  [[nodiscard]] bool has(TimelineEvent event) const { return (known_ & bit(event)) != 0; }
  [[nodiscard]] bool is_inferred(TimelineEvent event) const { return (inferred_ & bit(event)) != 0; }

  /// What it has allocated.
  [[nodiscard]] std::size_t heap_bytes() const { return rest_ ? allocated(sizeof(Rest)) : 0; }

  /// In the order in which they happened; an inferred one stands where the protocol puts it.
  /// `opened` and `opened_wall` are one moment on both clocks. `peer_was_first` with its FIN.
  [[nodiscard]] std::vector<TimelineRow> rows(Instant opened, WallTime opened_wall,
                                              bool peer_was_first = false) const;

 private:
  /// An event and its moment in one word: 60 bits of nanoseconds last for 36 years.
  class Moment {
   public:
    Moment() = default;
    Moment(TimelineEvent event, Instant at)
        : bits_{static_cast<std::uint64_t>(at.time_since_epoch().count()) << 4 |
                static_cast<std::uint64_t>(event)} {}
    [[nodiscard]] TimelineEvent event() const { return static_cast<TimelineEvent>(bits_ & 15U); }
    [[nodiscard]] Instant at() const { return Instant{Duration{static_cast<std::int64_t>(bits_ >> 4)}}; }

   private:
    std::uint64_t bits_{0};
  };
  static constexpr std::size_t kInline = 4;
  using Rest = std::array<Moment, kTimelineEvents - kInline>;
  static_assert(kTimelineEvents <= 16, "an event has four bits");

  [[nodiscard]] static std::uint16_t bit(TimelineEvent event) {
    return static_cast<std::uint16_t>(1U << static_cast<unsigned>(event));
  }
  [[nodiscard]] const Moment& moment(std::size_t i) const {
    return i < kInline ? inline_[i] : (*rest_)[i - kInline];
  }
  [[nodiscard]] std::optional<Instant> moment_of(TimelineEvent event) const;

  std::array<Moment, kInline> inline_;  // those that were seen, in order
  std::unique_ptr<Rest> rest_;
  std::uint16_t known_{0};
  std::uint16_t inferred_{0};
  std::uint8_t count_{0};
};

}  // namespace tcpctl
