// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "bulk_protocol.hpp"
#include "reactor.hpp"

namespace tcpctl::bench {

/// The backend's end of one bulk connection: sends the pattern, checks what it receives, and gives its
/// Verdict.
class BulkPeer final : public Handler, public Watcher {
 public:
  BulkPeer(Reactor& reactor, Fd socket, std::span<std::uint8_t> scratch);
  void on_events(std::uint32_t events) override;

 private:
  enum class Phase : std::uint8_t { direction, go, flow, verdict };

  void receive();
  [[nodiscard]] std::span<const std::uint8_t> take_control(std::span<const std::uint8_t> bytes);
  void send_pattern();
  void send_verdict();
  void want(std::uint32_t events);
  void close();

  Reactor& reactor_;
  Fd socket_;
  std::span<std::uint8_t> scratch_;
  Phase phase_{Phase::direction};
  Direction direction_{Direction::up};
  std::uint32_t wanted_{0};
  Verdict verdict_;
  std::size_t verdict_sent_{0};
};

}  // namespace tcpctl::bench
