// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/fd.hpp"

namespace tcpctl::bench {

/// What a pump has to say after a move. `blocked`: the receiver takes no more at present.
enum class Flow : std::uint8_t { drained, blocked, finished, broken };

/// Moves bytes one way between two edge-triggered sockets (or back to the same one) with recv(2) and send(2).
///
/// Nothing is allocated before the receiver falls behind. While blocked it reads nothing, so memory stays
/// bounded.
class CopyPump {
 public:
  /// Moves all there is. `hangup`: the sender's FIN has been announced, so that a short read is not yet the
  /// end. `scratch` is shared by the pumps of a thread. At `finished` everything before the FIN has been
  /// handed on.
  [[nodiscard]] Flow move(int from, int to, bool hangup, std::span<std::uint8_t> scratch);
  [[nodiscard]] Flow state() const { return state_; }

 private:
  [[nodiscard]] Flow advance(int from, int to, std::span<std::uint8_t> scratch);
  [[nodiscard]] bool flush(int to);

  std::vector<std::uint8_t> pending_;
  std::size_t flushed_{0};
  bool hangup_{false};
  Flow state_{Flow::drained};
};

/// The same with splice(2) through a pipe of 256 KiB of its own, made when the first bytes come.
class SplicePump {
 public:
  [[nodiscard]] Flow move(int from, int to, bool hangup, std::span<std::uint8_t> scratch);
  [[nodiscard]] Flow state() const { return state_; }

 private:
  [[nodiscard]] Flow advance(int from, int to);
  [[nodiscard]] bool flush(int to);
  void open_pipe();

  Fd read_end_;
  Fd write_end_;
  std::size_t in_pipe_{0};
  Flow state_{Flow::drained};
};

}  // namespace tcpctl::bench
