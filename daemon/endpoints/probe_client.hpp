// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "endpoints/client.hpp"
#include "engine/wheel.hpp"
#include "upstreams/name_watch.hpp"
#include "upstreams/probe_run.hpp"

namespace tcpctl {

/// Connects on an interval, takes its steps, and keeps the last results. One run at a time.
///
/// Threads: only on the worker's loop.
class ProbeClient final : public Client, private Deadline {
 public:
  ProbeClient(Worker& worker, Resolver& resolver, std::shared_ptr<const ClientPlan> plan,
              ClientRecord& record);
  ~ProbeClient() override = default;

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
  void begin();
  void connect();
  void finish(ProbeRow row);
  void schedule();
  [[nodiscard]] Result<void> refuse(const char* what) const;
  void on_deadline() override { begin(); }

  Worker& worker_;
  const std::shared_ptr<const ClientPlan> plan_;
  ClientRecord& record_;
  NameWatch names_;
  const std::shared_ptr<const ProbePlan> probe_;
  std::unique_ptr<ProbeRun> run_;
  std::uint64_t run_number_{0};
  std::vector<Done> waiting_;
  Instant next_run_{};
};

}  // namespace tcpctl
