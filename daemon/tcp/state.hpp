// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tcpctl::tcp {

/// The states of RFC 9293 section 3.3.2, numbered as in the kernel's tcp_states.h.
enum class State : std::uint8_t {
  established = 1,
  syn_sent,
  syn_rcvd,
  fin_wait_1,
  fin_wait_2,
  time_wait,
  closed,
  close_wait,
  last_ack,
  listen,
  closing,
};

/// Those that a connection can be in.
inline constexpr std::array kStates{
    State::syn_sent,   State::syn_rcvd, State::established, State::fin_wait_1, State::fin_wait_2,
    State::close_wait, State::closing,  State::last_ack,    State::time_wait,  State::closed};

/// The textbook's spelling: "FIN_WAIT_1".
[[nodiscard]] std::string_view text(State state);
/// Any case, and the spellings of ss(8) too: "estab", "syn-recv", "FIN-WAIT-1", "time_wait".
[[nodiscard]] std::optional<State> parse_state(std::string_view text);

}  // namespace tcpctl::tcp
