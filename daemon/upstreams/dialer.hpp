// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "connections/client_connection.hpp"
#include "connections/race.hpp"
#include "tcp/socket.hpp"
#include "upstreams/family_choice.hpp"
#include "upstreams/name_watch.hpp"

namespace tcpctl {

/// What all connections of one dialer, and of those made like it, have in common.
struct DialOptions {
  OwnerPtr owner;
  tcp::Options socket{};
  Duration connect_timeout{};                        // of each host
  std::shared_ptr<const std::string> upstream = {};  // whom a check is for; null with a client
  FamilyChoice family{FamilyChoice::any};
};

/// Connects to what an address stands for: the hosts one after the other, by SRV priority and weight; the
/// addresses of a host in a race.
///
/// One connection at a time. Threads: only on the worker's loop.
class Dialer final : private ClientConnection::Observer {
 public:
  /// Who wants the connection: `on_up` brings it, and it observes the connection from then on.
  class Caller : public ClientConnection::Observer {
   public:
    /// No address could be connected to; the last failure is given. It may dial again, or destroy the dialer.
    virtual void on_dial_failed(const Race::Failure& failure) = 0;

   protected:
    ~Caller() = default;
  };

  /// `turn` as in AddressList, of the first time it dials.
  Dialer(Worker& worker, DialOptions options, Caller& caller, std::size_t turn = 0);
  Dialer(const Dialer&) = delete;
  Dialer& operator=(const Dialer&) = delete;
  ~Dialer();

  using Hosts = std::vector<std::shared_ptr<const AddressList>>;
  /// There is a host, and each has an address. All of them end at `until`. Where the options leave none of
  /// the addresses, that is a failure at once.
  void dial(Hosts hosts, Instant until = Instant::max());
  /// The same in the order that SRV asks for; `state` is usable.
  void dial(const NameState& state, Instant until = Instant::max());
  /// Ends what is on its way; the caller hears nothing of it.
  void stop(Reason reason);
  /// Where the last attempt went to; empty before the first.
  [[nodiscard]] const Address& last_tried() const { return last_tried_; }

 private:
  [[nodiscard]] Hosts allowed(Hosts hosts) const;
  [[nodiscard]] std::string no_address_text() const;
  void next_host();
  [[nodiscard]] std::optional<Race::Failure> attempt(const Address& address, Duration timeout);
  void on_up(ClientConnection& connection) override;
  void on_data(ClientConnection& /*connection*/, ByteView /*bytes*/) override {}
  void on_peer_fin(ClientConnection& /*connection*/) override {}
  void on_gone(ClientConnection& connection) override;

  Worker& worker_;
  const DialOptions options_;
  Caller& caller_;
  std::minstd_rand random_;
  Hosts hosts_;       // those left to try, the next one last
  std::size_t turn_;  // of the next time
  Instant until_{};
  std::unique_ptr<Race> race_;
  Address last_tried_;
};

}  // namespace tcpctl
