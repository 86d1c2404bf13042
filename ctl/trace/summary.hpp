// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ctl/table.hpp"
#include "ctl/trace/flows.hpp"

namespace tcpctl::ctl::trace {

/// What became of the frames of a capture.
struct Tally {
  std::uint64_t frames{0};    // that passed the filter
  std::uint64_t segments{0};  // that were told
  std::uint64_t copies{0};    // of segments that were captured on another interface, too
  std::uint64_t fragments{0}, cut{0}, malformed{0}, other{0};  // that hold no segment to tell
};

/// Segments, bytes, retransmissions, round trip and end: of one connection in a group of facts, of several a
/// line each, the first hundred. "" where there is none.
[[nodiscard]] std::string summary_of(const Flows& flows, const View& view);

/// "12 segments of 2 connections; 3 fragments left out; 0 dropped by the kernel". `dropped`: nothing for a
/// file.
[[nodiscard]] std::string tally_text(const Tally& tally, const Flows& flows,
                                     std::optional<std::uint64_t> dropped);

}  // namespace tcpctl::ctl::trace
