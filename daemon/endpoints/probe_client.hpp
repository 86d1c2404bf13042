// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connections/client_connection.hpp"
#include "endpoints/client.hpp"
#include "endpoints/dialer.hpp"
#include "engine/wheel.hpp"
#include "steps/runner.hpp"
#include "upstreams/name_watch.hpp"

namespace tcpctl {

/// Connects on an interval, takes its steps, and keeps the last results. One run at a time.
///
/// Threads: only on the worker's loop.
class ProbeClient final : public Client, private Deadline, private Dialer::Caller {
 public:
  ProbeClient(Worker& worker, Resolver& resolver, std::shared_ptr<const ClientPlan> plan,
              ClientRecord& record);
  ~ProbeClient() override;

  [[nodiscard]] ClientRow row() const override;
  void pause() override;
  void resume() override;
  [[nodiscard]] Result<void> reconnect() override;
  [[nodiscard]] Result<std::uint64_t> send(const std::string& data) override;
  [[nodiscard]] Result<ReceivedRow> received(std::uint64_t from) const override;
  void run(Done done) override;
  [[nodiscard]] std::vector<ProbeRow> probes() const override {
    return {record_.results.begin(), record_.results.end()};
  }

 private:
  /// What one run has so far.
  struct Run {
    Instant started;
    WallTime started_wall;
    Instant deadline;
    std::optional<Duration> resolve, connect;
    std::optional<Instant> connecting_since{};
    StepRunner steps;
    ClientConnection* connection{nullptr};  // once it is up
  };

  void begin();
  void connect();
  void after_steps();
  void finish(ProbeRow row);
  void fail(std::string_view result, const std::string& got);
  /// `detail` says why the connection was lost, where the peer has sent nothing that would.
  [[nodiscard]] ProbeRow row_of(const StepsResult& result, const std::string& detail) const;
  void schedule();
  [[nodiscard]] Result<void> refuse(const char* what) const;

  void on_deadline() override;
  void on_up(ClientConnection& connection) override;
  void on_data(ClientConnection& connection, ByteView bytes) override;
  void on_peer_fin(ClientConnection& connection) override;
  void on_gone(ClientConnection& connection) override;
  void on_dial_failed(const Race::Failure& failure) override;

  Worker& worker_;
  const std::shared_ptr<const ClientPlan> plan_;
  ClientRecord& record_;
  NameWatch names_;
  Dialer dialer_;
  std::optional<Run> run_;
  std::uint64_t run_number_{0};
  std::vector<Done> waiting_;
  Instant next_run_{};
};

}  // namespace tcpctl
