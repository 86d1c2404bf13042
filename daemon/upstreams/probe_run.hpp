// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "connections/client_connection.hpp"
#include "connections/relay.hpp"
#include "engine/wheel.hpp"
#include "stats/snapshot.hpp"
#include "steps/runner.hpp"
#include "tcp/socket.hpp"

namespace tcpctl {

/// What all runs of one probe or health check share.
struct ProbePlan {
  OwnerPtr owner;
  tcp::Options socket;
  Steps steps;  // none: a connection is enough
  Duration connect_timeout{};
  Duration timeout{};                           // of the whole run
  std::shared_ptr<const std::string> upstream;  // whom it is for; null with a probe
  SendProxy send_proxy{SendProxy::off};         // a header that says it is our own connection
};

/// One run of a probe or a health check: a connection, and its steps taken over it.
///
/// Its time begins with its making, so that a look-up before `connect` counts too. The result comes by
/// `done`, once, never within the constructor; it may destroy the run. Destroyed before, the run ends its
/// connection and says nothing. Threads: only on the worker's loop.
class ProbeRun final : private Deadline, public ClientConnection::Observer {
 public:
  using Done = std::function<void(ProbeRow)>;

  ProbeRun(Worker& worker, std::shared_ptr<const ProbePlan> plan, Done done);
  ProbeRun(const ProbeRun&) = delete;
  ProbeRun& operator=(const ProbeRun&) = delete;
  ~ProbeRun();

  /// The name is known, and took from the beginning until now.
  void note_resolved() { resolve_ = now() - started_; }
  void connect(const Address& address);
  /// Ends it without a connection. `result` is a word of the contract, `got` what happened instead.
  void fail(std::string_view result, const std::string& got);

 private:
  void on_deadline() override;
  void on_up(ClientConnection& connection) override;
  void on_data(ClientConnection& connection, ByteView bytes) override;
  void on_peer_fin(ClientConnection& connection) override;
  void on_gone(ClientConnection& connection) override;
  [[nodiscard]] bool send(const std::string& bytes);
  [[nodiscard]] bool end_sending();
  void after_steps();
  void finish_with_steps(std::string_view detail);
  [[nodiscard]] ProbeRow row() const;
  void finish(ProbeRow row);

  Worker& worker_;
  const std::shared_ptr<const ProbePlan> plan_;
  Done done_;  // null once it is called
  const Instant started_;
  const WallTime started_wall_;
  const Instant until_;
  std::optional<Duration> resolve_, connect_;
  Instant connecting_since_{};
  StepRunner steps_;
  ClientConnection* connection_{nullptr};
};

/// The result in a few words: "L4OK in 0.4 ms", "L4CON Connection refused", "L7RSP at step 2: got '554 no'".
[[nodiscard]] std::string in_words(const ProbeRow& row);

}  // namespace tcpctl
