// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/address_list.hpp"
#include "base/clock.hpp"
#include "upstreams/resolver.hpp"

namespace tcpctl {

/// One place that a watched address stands for: the host itself, or one target of an SRV record.
struct NameEntry {
  std::string host;  // as written, or as DNS names it
  std::uint16_t port{0};
  std::shared_ptr<const AddressList>
      addresses;              // never null; with the port; empty where this host is unknown
  std::uint16_t priority{0};  // of SRV: the lowest first
  std::uint16_t weight{0};    // of SRV: the share among those of one priority, 0 = least
  std::string error{};        // why the last look-up of this host failed; "" = it did not
  friend bool operator==(const NameEntry&, const NameEntry&);
};

/// What is known of a watched address.
struct NameState {
  std::vector<NameEntry> entries;  // sorted by priority, host, port; the last ones known while it fails
  std::string error;               // why the last look-up failed; "" = it did not
  bool looked_up{false};           // something is known of it, be it that it failed
  /// There is an address to connect to.
  [[nodiscard]] bool usable() const;
};

/// What a literal or a Unix path stands for; nothing for a name, which has to be looked up.
[[nodiscard]] std::optional<NameState> literal_state(const ConnectAddress& address);

/// Keeps one ConnectAddress resolved while it lives. A literal or a Unix path is known from the start and is
/// never looked up; a host is looked up anew when its TTL is over (at least 1 s, at most 1 h, and up to a
/// tenth more, so that many names do not align), a service (`srv:`) with the hosts that it names. While
/// look-ups fail the last addresses stay, the failure is said and logged once, and the next try comes after 1
/// s, then twice as long, up to 10 s. Where one family of addresses is late or fails, that is so of this
/// family alone, and the other serves.
///
/// Threads: only on the resolver's loop. A callback is never called within the constructor or once the object
/// is destroyed; it may destroy the object.
class NameWatch {
 public:
  using Changed = std::function<void(const NameState&)>;
  using Answered = std::function<void()>;
  /// `always`: at expiry. `when_asked`: at the first `when_known` after expiry; nothing happens before that.
  enum class Refresh : std::uint8_t { always, when_asked };

  /// `on_change` is called after the first look-up, and whenever `entries` or `error` have changed since; not
  /// for literals. It may be empty.
  NameWatch(Resolver& resolver, ConnectAddress address, Changed on_change, Refresh refresh = Refresh::always);
  NameWatch(const NameWatch&) = delete;
  NameWatch& operator=(const NameWatch&) = delete;
  ~NameWatch();

  [[nodiscard]] const NameState& state() const { return state_; }
  [[nodiscard]] const ConnectAddress& address() const { return address_; }
  /// Only with Refresh::when_asked. Calls `answered` once: at once where `state` is known and fresh, else
  /// after the look-up that is under way or begins now. Not called if this object is gone by then.
  void when_known(Answered answered);

 private:
  struct Round;

  static void on_timer(evutil_socket_t fd, short what, void* self);
  void look_up();
  void on_host(Result<Resolved> answer);
  void on_services(Result<SrvAnswer> answer);
  void on_target(std::size_t place, Result<Resolved> answer);
  void end_round();
  /// Something is known, and more will come.
  void learn(std::vector<NameEntry> entries, std::string error);
  void succeed(std::vector<NameEntry> entries, std::chrono::seconds ttl, std::string error = {});
  void fail(const std::string& error);
  void settle(bool changed, Duration fresh_for);
  void tell(bool changed);
  void log_change() const;
  [[nodiscard]] Duration retry_pause();

  Resolver& resolver_;
  const ConnectAddress address_;
  const Changed on_change_;
  const Refresh refresh_;
  NameState state_;
  std::optional<Instant> fresh_until_;  // none: for ever
  unsigned failures_{0};                // in a row
  std::vector<Answered> waiting_;
  Resolver::Request request_;     // open while a look-up is under way
  std::unique_ptr<Round> round_;  // the hosts of a service, while they are looked up
  std::minstd_rand random_;
  EventPtr timer_;              // null where nothing is looked up
  std::shared_ptr<int> alive_;  // the same; for callbacks that destroy this
};

}  // namespace tcpctl
