// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "ctl/trace/segment.hpp"
#include "tcp/state.hpp"

namespace tcpctl::ctl::trace {

/// The states of both ends of a connection, as its segments tell them.
///
/// What arrives at `ours` changes its state at once: it was captured there. Of any other end it is known only
/// by its acknowledgement that a SYN or a FIN arrived; a mere ACK is taken to arrive. A connection that was
/// there before the capture is taken to be ESTABLISHED at both ends.
/// Source: RFC 9293 section 3.3.2 and figure 5. Threads: one.
class States {
 public:
  explicit States(std::optional<std::size_t> ours) : ours_{ours} {}

  /// The end `from`, 0 or 1, sent `segment`. `arrives` = false: bytes before it are missing, so that it is
  /// not taken in yet.
  void pass(std::size_t from, const Segment& segment, bool arrives = true);
  /// Nothing where nothing tells it yet.
  [[nodiscard]] std::optional<tcp::State> of(std::size_t end) const { return ends_[end].state; }

 private:
  struct End {
    std::optional<tcp::State> state;
    bool is_answered{false};                              // the other's SYN acknowledged its own
    std::optional<std::uint32_t> syn_end, fin_end;        // of its own: what acknowledges them
    std::optional<std::uint32_t> awaits_syn, awaits_fin;  // of the other's, sent but not known to have come
  };
  void begin(std::size_t from, const Segment& segment);
  static void sends(End& end, const Segment& segment);
  void receives(End& end, const Segment& segment, bool at_once);
  static void take_ack(End& end, std::uint32_t ack);
  static void take_syn(End& end);
  static void take_fin(End& end);

  const std::optional<std::size_t> ours_;
  std::array<End, 2> ends_{};
  bool begun_{false};
};

}  // namespace tcpctl::ctl::trace
