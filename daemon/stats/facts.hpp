// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

/// The closed vocabularies of a connection's life (contract, section 4), each with its text.
namespace tcpctl {

enum class Direction : std::uint8_t { inbound, outbound };

/// Whose FIN or RST came first on this connection.
enum class First : std::uint8_t { local, remote, unknown };
inline constexpr std::size_t kFirsts = 3;

enum class How : std::uint8_t { fin, rst, timeout, abort };
inline constexpr std::size_t kHows = 4;

#define TCPCTL_REASONS(X) \
  X(peer_fin)             \
  X(peer_rst)             \
  X(local_done)           \
  X(local_limit)          \
  X(idle_timeout)         \
  X(connect_refused)      \
  X(connect_timeout)      \
  X(connect_unreachable)  \
  X(queue_timeout)        \
  X(dead_peer)            \
  X(tls_error)            \
  X(proxy_header_error)   \
  X(script_mismatch)      \
  X(upstream_down)        \
  X(admin_kill)           \
  X(drain)                \
  X(fault_injected)       \
  X(resource)             \
  X(internal)             \
  X(unknown)
enum class Reason : std::uint8_t {
#define X(name) name,
  TCPCTL_REASONS(X)
#undef X
};
inline constexpr std::size_t kReasons = static_cast<std::size_t>(Reason::unknown) + 1;

enum class Phase : std::uint8_t { connect, queue, proxy_header, tls, greeting, script, data, closing };

#define TCPCTL_TIMELINE_EVENTS(X) \
  X(syn_sent)                     \
  X(syn_received)                 \
  X(established)                  \
  X(accepted)                     \
  X(first_byte_in)                \
  X(first_byte_out)               \
  X(fin_sent)                     \
  X(fin_received)                 \
  X(fin_acked)                    \
  X(rst_sent)                     \
  X(rst_received)                 \
  X(time_wait)                    \
  X(closed)
enum class TimelineEvent : std::uint8_t {
#define X(name) name,
  TCPCTL_TIMELINE_EVENTS(X)
#undef X
};
inline constexpr std::size_t kTimelineEvents = static_cast<std::size_t>(TimelineEvent::closed) + 1;

/// Why an accepted connection was turned away at once.
#define TCPCTL_REFUSALS(X) X(limit) X(source_limit) X(rate) X(acl) X(files)
enum class Refusal : std::uint8_t {
#define X(name) name,
  TCPCTL_REFUSALS(X)
#undef X
};
inline constexpr std::size_t kRefusals = static_cast<std::size_t>(Refusal::files) + 1;

[[nodiscard]] std::string_view text(Direction direction);
[[nodiscard]] std::string_view text(First first);
[[nodiscard]] std::string_view text(How how);
[[nodiscard]] std::string_view text(Reason reason);
[[nodiscard]] std::string_view text(Phase phase);
[[nodiscard]] std::string_view text(TimelineEvent event);
[[nodiscard]] std::string_view text(Refusal refusal);

[[nodiscard]] std::optional<Direction> parse_direction(std::string_view text);
[[nodiscard]] std::optional<First> parse_first(std::string_view text);
[[nodiscard]] std::optional<How> parse_how(std::string_view text);
[[nodiscard]] std::optional<Reason> parse_reason(std::string_view text);

/// The two letters that HAProxy would log for an end: cause, then the state it was in (field "code").
/// Source: HAProxy configuration manual 8.5 "Session state at disconnection".
[[nodiscard]] std::string_view termination_code(Direction direction, Reason reason, Phase phase);

}  // namespace tcpctl
