// SPDX-License-Identifier: Apache-2.0
#include "tcp/state.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <utility>

namespace tcpctl::tcp {
namespace {

constexpr std::array<std::pair<State, std::string_view>, 11> kNames{{
    {State::established, "ESTABLISHED"},
    {State::syn_sent, "SYN_SENT"},
    {State::syn_rcvd, "SYN_RCVD"},
    {State::fin_wait_1, "FIN_WAIT_1"},
    {State::fin_wait_2, "FIN_WAIT_2"},
    {State::time_wait, "TIME_WAIT"},
    {State::closed, "CLOSED"},
    {State::close_wait, "CLOSE_WAIT"},
    {State::last_ack, "LAST_ACK"},
    {State::listen, "LISTEN"},
    {State::closing, "CLOSING"},
}};

// What ss(8) and the kernel's headers write otherwise, without its separators.
constexpr std::array<std::pair<std::string_view, State>, 3> kOtherNames{{
    {"ESTAB", State::established},
    {"SYNRECV", State::syn_rcvd},
    {"CLOSE", State::closed},
}};

std::string bare(std::string_view text) {
  std::string letters;
  for (const char c : text) {
    if (c != '_' && c != '-') letters += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return letters;
}

}  // namespace

std::string_view text(State state) {
  const auto* const found = std::ranges::find(kNames, state, &std::pair<State, std::string_view>::first);
  return found == kNames.end() ? "CLOSED" : found->second;
}

std::optional<State> parse_state(std::string_view text) {
  const std::string wanted = bare(text);
  for (const auto& [state, name] : kNames) {
    if (bare(name) == wanted) return state;
  }
  for (const auto& [name, state] : kOtherNames) {
    if (name == wanted) return state;
  }
  return std::nullopt;
}

}  // namespace tcpctl::tcp
