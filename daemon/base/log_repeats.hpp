// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/log_record.hpp"
#include "base/units.hpp"

/// Inner part of base/log: lines that come again and again.
namespace tcpctl::log {

/// Of lines with the same event and the same first field, which says of whom it is, so many pass within so
/// long; the rest is counted and told when that time is over. Debugging is not limited, nor is the record of
/// who changed what.
/// Threads: one.
class Repeats {
 public:
  static constexpr std::uint64_t kMost = 200;
  static constexpr Duration kWithin = std::chrono::seconds{10};

  /// Whether the line is to be written.
  [[nodiscard]] bool passes(const Record& record, Instant time);
  struct Held {
    std::string event, of;  // `of`: "listener=web"; "" where there is no field
    std::uint64_t lines;
  };
  /// What was held back in times that are over; once.
  [[nodiscard]] std::vector<Held> over(Instant time);

 private:
  struct Window {
    Instant begin{};
    std::uint64_t lines{0};
  };
  using Key = std::pair<std::string, std::string>;
  std::map<Key, Window> windows_;
  Instant looked_{};
};

}  // namespace tcpctl::log
