// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <random>
#include <vector>

#include "connections/client_connection.hpp"
#include "connections/race.hpp"
#include "endpoints/plan.hpp"
#include "upstreams/name_watch.hpp"

namespace tcpctl {

/// Connects a client to what its address stands for: the hosts one after the other, by SRV priority and
/// weight; the addresses of a host in a race.
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

  Dialer(Worker& worker, std::shared_ptr<const ClientPlan> plan, Caller& caller);
  Dialer(const Dialer&) = delete;
  Dialer& operator=(const Dialer&) = delete;
  ~Dialer();

  /// `state` is usable. Each host has the client's `connect_timeout`, and all of them end at `until`.
  void dial(const NameState& state, Instant until = Instant::max());
  /// Ends what is on its way; the caller hears nothing of it.
  void stop(Reason reason);

 private:
  void next_host();
  [[nodiscard]] std::optional<Race::Failure> attempt(const Address& address, Duration timeout);
  void on_up(ClientConnection& connection) override;
  void on_data(ClientConnection& /*connection*/, ByteView /*bytes*/) override {}
  void on_peer_fin(ClientConnection& /*connection*/) override {}
  void on_gone(ClientConnection& connection) override;

  Worker& worker_;
  const std::shared_ptr<const ClientPlan> plan_;
  Caller& caller_;
  std::minstd_rand random_;
  std::vector<std::shared_ptr<const AddressList>> hosts_;  // those left to try, the next one last
  std::size_t turn_{0};
  Instant until_{};
  std::unique_ptr<Race> race_;
};

}  // namespace tcpctl
