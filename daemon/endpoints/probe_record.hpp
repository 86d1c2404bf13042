// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "stats/snapshot.hpp"

namespace tcpctl {

/// What is remembered of a probe by its name, whatever its configuration becomes.
struct ProbeRecord {
  std::optional<Instant> origin;  // of its schedule; none before it began
  bool has_run{false};
  std::optional<bool> up;  // none before the first result
  WallTime since{};        // of `up`
  std::uint64_t in_row{0};
  std::map<std::string, std::uint64_t> results;  // by result word
  std::deque<ProbeRow> last;                     // newest first
  std::uint64_t skipped{0}, late{0};

  /// One more result at `at`; answers whether that brought it up or down. The first one does so alone.
  bool note(bool success, bool same_as_last, std::uint32_t rise, std::uint32_t fall, WallTime at) {
    in_row = same_as_last ? in_row + 1 : 1;
    if (up == success || (up && in_row < (success ? rise : fall))) return false;
    up = success;
    since = at;
    return true;
  }
};

}  // namespace tcpctl
