// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ctl/table.hpp"
#include "ctl/trace/flow.hpp"

namespace tcpctl::ctl::trace {

/// How segments are told.
struct Style {
  bool absolute{false};  // sequence numbers as they were sent
  bool full{false};      // timestamps and unknown options of every segment
  bool payload{false};   // the first bytes of it
};

/// A segment in words, the most important first: "SYN+ACK" "seq=0" "ack=1" "len=5" "[retransmission]"
/// "win=64240" "mss=1460" "sackOK" "ws=7". Nothing in them steers a terminal.
[[nodiscard]] std::vector<std::string> words_of(const Segment& segment, const Place& place,
                                                const Style& style);
/// The first bytes of its payload, escaped, in quotes; "" where there are none.
[[nodiscard]] std::string payload_text(const Segment& segment, std::size_t width);
[[nodiscard]] Tone tone_of(const Segment& segment, const Place& place);

/// A segment as a JSON object in one line: every member is always there, what is not known is null. `id` is
/// the daemon's of its connection, "" = not known; `number` the trace's.
[[nodiscard]] std::string segment_json(const Segment& segment, const Place& place, WallTime at,
                                       std::string_view id, unsigned number, const Style& style);

}  // namespace tcpctl::ctl::trace
