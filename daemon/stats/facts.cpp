// SPDX-License-Identifier: Apache-2.0
#include "stats/facts.hpp"

#include <array>
#include <cstddef>

namespace tcpctl {
namespace {

constexpr std::array<std::string_view, 2> kDirectionTexts{"inbound", "outbound"};
constexpr std::array<std::string_view, kFirsts> kFirstTexts{"local", "remote", "unknown"};
constexpr std::array<std::string_view, kHows> kHowTexts{"fin", "rst", "timeout", "abort"};
constexpr std::array<std::string_view, 8> kPhaseTexts{"connect",  "queue",  "proxy_header", "tls",
                                                      "greeting", "script", "data",         "closing"};
#define X(name) std::string_view{#name},
constexpr std::array kReasonTexts{TCPCTL_REASONS(X)};
constexpr std::array kTimelineTexts{TCPCTL_TIMELINE_EVENTS(X)};
constexpr std::array kRefusalTexts{TCPCTL_REFUSALS(X)};
#undef X

template <class Enum, class Texts>
std::string_view look_up(const Texts& texts, Enum value) {
  return texts.at(static_cast<std::size_t>(value));
}

template <class Enum, class Texts>
std::optional<Enum> find(const Texts& texts, std::string_view text) {
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (texts.at(i) == text) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view text(Direction direction) { return look_up(kDirectionTexts, direction); }
std::string_view text(First first) { return look_up(kFirstTexts, first); }
std::string_view text(How how) { return look_up(kHowTexts, how); }
std::string_view text(Reason reason) { return look_up(kReasonTexts, reason); }
std::string_view text(Phase phase) { return look_up(kPhaseTexts, phase); }
std::string_view text(TimelineEvent event) { return look_up(kTimelineTexts, event); }
std::string_view text(Refusal refusal) { return look_up(kRefusalTexts, refusal); }

std::optional<Direction> parse_direction(std::string_view text) {
  return find<Direction>(kDirectionTexts, text);
}
std::optional<First> parse_first(std::string_view text) { return find<First>(kFirstTexts, text); }
std::optional<How> parse_how(std::string_view text) { return find<How>(kHowTexts, text); }
std::optional<Reason> parse_reason(std::string_view text) { return find<Reason>(kReasonTexts, text); }

}  // namespace tcpctl
