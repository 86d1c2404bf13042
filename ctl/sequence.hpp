// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "ctl/json.hpp"

/// The life of a connection as what passed between its ends, in order: what the picture shows.
namespace tcpctl::ctl {

/// Something that passed from one lifeline to another one beside it; both count from 0 on the left.
struct Arrow {
  std::size_t from, to;
  std::string text;  // "SYN", "data, 5.1 kB"
};

/// One line of the picture.
struct SequenceStep {
  std::optional<WallTime> at;  // none: the kernel does not tell it
  bool seen;                   // else it follows from what was
  std::optional<Arrow> arrow{};
  /// Of our side of that leg from then on, "FIN_WAIT_1", or what happened there, "accepted"; empty: as
  /// before.
  std::string state{};
};

struct Sequence {
  std::vector<std::string> lifelines;  // from left to right: "client", "tcpctl", "upstream"
  std::vector<SequenceStep> steps;
};

/// The steps of `connection` and, where it is a leg of a forwarded session, of the other leg `peer` among
/// them by time. Both as the API shows them, open or ended. Source: RFC 9293 figures 6 and 12.
[[nodiscard]] Sequence sequence_of(const Json& connection, const std::optional<Json>& peer);

}  // namespace tcpctl::ctl
