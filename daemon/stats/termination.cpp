// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "stats/facts.hpp"

namespace tcpctl {
namespace {

constexpr std::string_view kCauses = "CScsPRIDK-";
constexpr std::string_view kStates = "RQCDL-";

/// Every pair of letters, so that a view of two of them can be handed out.
constexpr auto kPairs = [] {
  std::array<std::array<char, 2>, kCauses.size() * kStates.size()> pairs{};
  for (std::size_t cause = 0; cause < kCauses.size(); ++cause) {
    for (std::size_t state = 0; state < kStates.size(); ++state) {
      pairs[cause * kStates.size() + state] = {kCauses[cause], kStates[state]};
    }
  }
  return pairs;
}();

std::string_view pair(char cause, char state) {
  const auto& letters = kPairs.at(kCauses.find(cause) * kStates.size() + kStates.find(state));
  return {letters.data(), letters.size()};
}

/// Our inbound side is HAProxy's client side, our outbound side its server side.
char state_letter(Direction direction, Phase phase) {
  switch (phase) {
    case Phase::connect:
      return 'C';
    case Phase::queue:
      return 'Q';
    case Phase::proxy_header:
    case Phase::tls:
      return direction == Direction::inbound ? 'R' : 'C';
    case Phase::greeting:
    case Phase::script:
    case Phase::data:
      return 'D';
    case Phase::closing:
      return 'L';
  }
  return '-';
}

bool before_data(Phase phase) { return phase == Phase::connect || phase == Phase::queue; }

char cause_letter(Direction direction, Reason reason, Phase phase) {
  const bool client_side = direction == Direction::inbound;
  switch (reason) {
    case Reason::peer_fin:  // an end as it should be, unless the other side was not even reached
      if (!before_data(phase)) return '-';
      [[fallthrough]];
    case Reason::peer_rst:
    case Reason::dead_peer:  // the kernel's ETIMEDOUT is an error of the socket, not one of HAProxy's
                             // timeouts
    case Reason::tls_error:
      return client_side ? 'C' : 'S';
    case Reason::idle_timeout:
      return client_side ? 'c' : 's';
    case Reason::connect_refused:
    case Reason::connect_unreachable:
      return 'S';
    case Reason::connect_timeout:
    case Reason::queue_timeout:
      return 's';
    case Reason::upstream_down:
      return before_data(phase) ? 'S' : 'D';
    case Reason::local_limit:
    case Reason::proxy_header_error:
    case Reason::script_mismatch:
    case Reason::fault_injected:
      return 'P';
    case Reason::resource:
      return 'R';
    case Reason::internal:
      return 'I';
    case Reason::admin_kill:
    case Reason::drain:
      return 'K';
    case Reason::local_done:
    case Reason::unknown:
      return '-';
  }
  return '-';
}

}  // namespace

std::string_view termination_code(Direction direction, Reason reason, Phase phase) {
  const char cause = cause_letter(direction, reason, phase);
  return pair(cause, cause == '-' ? '-' : state_letter(direction, phase));
}

}  // namespace tcpctl
