// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/address.hpp"
#include "base/clock.hpp"
#include "base/heap.hpp"
#include "base/sparse_text.hpp"
#include "base/units.hpp"
#include "connections/timeline.hpp"
#include "stats/party.hpp"
#include "stats/snapshot.hpp"
#include "tcp/info.hpp"

namespace tcpctl {

/// The listener or client that a connection belongs to: what all its connections share, and nobody changes.
struct Owner {
  enum class Kind : std::uint8_t { listener, client };
  Kind kind{Kind::listener};
  std::string name;
  std::string service;  // "echo", "forward"; of a client its mode
  std::optional<Duration> idle_timeout;
  std::optional<Duration> half_closed_timeout;
  std::optional<Duration> max_lifetime;
  Duration close_timeout{std::chrono::seconds{5}};
  std::string congestion;  // of its sockets, "cubic"
  bool in_history{true};   // its connections are recorded when they end
  std::shared_ptr<PartyStats> stats;
};
using OwnerPtr = std::shared_ptr<const Owner>;

/// How a connection ended. `reason`, `phase` and `detail` are fixed by what was seen first; `first` and `how`
/// by the first FIN or RST of this connection, whichever side's.
struct CloseFacts {
  std::optional<First> first;
  How how{How::abort};
  std::optional<Reason> reason;
  Phase phase{Phase::data};
  SparseText detail;
  Instant at{};
};

/// What a PROXY header said of a connection's ends.
struct Proxied {
  Address source, destination;  // empty where it did not say
  std::string id;               // its UNIQUE_ID: bytes of the sender's choice
};

/// None for a connection without a header, or if that was its sender's own: then it takes eight bytes.
class MaybeProxied {
 public:
  MaybeProxied() = default;
  MaybeProxied(Proxied proxied) : proxied_{std::make_unique<const Proxied>(std::move(proxied))} {}
  MaybeProxied(const MaybeProxied& other)
      : proxied_{other ? std::make_unique<const Proxied>(*other.proxied_) : nullptr} {}
  MaybeProxied& operator=(const MaybeProxied& other) { return *this = MaybeProxied{other}; }
  MaybeProxied(MaybeProxied&&) noexcept = default;
  MaybeProxied& operator=(MaybeProxied&&) noexcept = default;
  ~MaybeProxied() = default;

  explicit operator bool() const { return proxied_ != nullptr; }
  const Proxied* operator->() const { return proxied_.get(); }
  [[nodiscard]] std::size_t heap_bytes() const;

 private:
  std::unique_ptr<const Proxied> proxied_;
};

/// What is known of one connection, open or ended. Threads: a plain value.
struct Facts {
  ConnectionId id{};
  OwnerPtr owner;
  Address remote;
  MaybeProxied proxied;
  std::shared_ptr<const std::string> upstream;  // the name of the target of an outbound leg
  ConnectionId peer_id{};                       // 0 = none
  Instant opened{};
  WallTime opened_wall{};
  Instant last_active{};
  std::uint64_t bytes_in{0}, bytes_out{0};
  Timeline timeline;
  std::optional<tcp::SavedSyn> syn;
  std::uint32_t handshake_rtt_us{0};  // 0 = unknown
  Direction direction{Direction::inbound};
  CloseFacts close;

  /// Whose connection it is: what a PROXY header says, else the peer's own address.
  [[nodiscard]] const Address& source() const { return has_proxied_ends() ? proxied->source : remote; }
  /// `at` on the wall clock as it stood when the connection was opened.
  [[nodiscard]] WallTime wall_at(Instant at) const { return to_wall(at, opened, opened_wall); }
  [[nodiscard]] bool has_proxied_ends() const { return proxied && proxied->source.family() != AF_UNSPEC; }
};

/// What a value has allocated for itself alone: of addresses only a Unix path.
[[nodiscard]] std::size_t heap_bytes(const Address& address);
[[nodiscard]] std::size_t heap_bytes(const Facts& facts);
/// TCP_INFO as the API shows it.
[[nodiscard]] TcpRow to_row(const tcp::Info& info, std::string_view taken, std::string congestion);
/// Everything but `local`, `state`, `tcp` and `close`.
[[nodiscard]] ConnectionRow to_row(const Facts& facts, Instant now);
[[nodiscard]] CloseRow close_row(const Facts& facts);

}  // namespace tcpctl
