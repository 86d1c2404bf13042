// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "connections/access_line.hpp"
#include "engine/wheel.hpp"
#include "stats/counter.hpp"

namespace tcpctl {

/// Collects the lines of the access log on one loop and gives them on in batches, some milliseconds later, to
/// whoever formats and writes them: so a line costs the data path a copy of the record, and no call waits.
///
/// A batch holds kMost lines and goes when it is full, at the latest kDelay after its first; kMostUnderWay
/// batches may be on their way, and what is beyond is counted. Off, it costs a branch. Threads: only on its
/// loop, but for `dropped`; any, once the loop is over.
class AccessOutlet final : private Deadline {
 public:
  static constexpr std::size_t kMost = 1024;
  static constexpr std::uint64_t kMostUnderWay = 8;
  static constexpr Duration kDelay = Wheel::kTick;
  using Door = std::function<void(AccessBatch)>;

  explicit AccessOutlet(Wheel& wheel) : wheel_{wheel} {}

  /// Where batches go.
  void open(Door door) { door_ = std::move(door); }
  void set(bool at_start, bool at_end) {
    at_start_ = at_start && door_ != nullptr;
    at_end_ = at_end && door_ != nullptr;
  }
  [[nodiscard]] bool is_at_start() const { return at_start_; }
  [[nodiscard]] bool is_at_end() const { return at_end_; }

  void add(AccessLine::Kind kind, const History::Entry& entry);
  /// Gives on at once what there is, even if too many batches are under way.
  void give();
  /// The daemon ends all connections now: their lines are kept until they are taken, however many they are.
  void expect_the_last() { is_last_ = true; }
  /// Lines that found no room.
  [[nodiscard]] std::uint64_t dropped() const { return dropped_.read(); }

 private:
  void on_deadline() override;
  [[nodiscard]] bool has_room() const { return given_ - taken_->read() < kMostUnderWay; }

  Wheel& wheel_;
  Door door_;
  bool at_start_{false};
  bool at_end_{false};
  bool is_last_{false};
  std::vector<AccessLine> lines_;
  std::uint64_t given_{0};
  std::shared_ptr<Counter> taken_{std::make_shared<Counter>()};  // written by whoever is behind the door
  Counter dropped_;
};

}  // namespace tcpctl
