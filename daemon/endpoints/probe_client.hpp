// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "endpoints/client.hpp"
#include "endpoints/probe_schedule.hpp"
#include "engine/wheel.hpp"
#include "upstreams/name_watch.hpp"
#include "upstreams/probe_run.hpp"

namespace tcpctl {

/// Connects on an interval, takes its steps, and keeps the last results. One run at a time: one that is due
/// meanwhile waits for its end, and whole intervals that pass so are skipped and counted.
///
/// It is up or down from the first result on; then it takes `rise` good ones in a row to bring it up, and
/// `fall` bad ones to bring it down, each an event.
/// Threads: only on the worker's loop.
class ProbeClient final : public Client, private Deadline {
 public:
  ProbeClient(Worker& worker, Resolver& resolver, std::shared_ptr<const ClientPlan> plan,
              ClientRecord& record);
  ~ProbeClient() override = default;

  [[nodiscard]] bool take_plan(std::shared_ptr<const ClientPlan> /*plan*/) override { return false; }
  [[nodiscard]] ClientRow row() const override;
  void pause() override;
  void resume() override;
  [[nodiscard]] Result<void> reconnect() override;
  void send(const std::string& data, std::optional<Duration> wait_ack, Sent done) override;
  [[nodiscard]] Result<ReceivedRow> received(std::uint64_t from) const override;
  [[nodiscard]] Result<TakenRow> take(std::uint64_t upto) override;
  [[nodiscard]] bool is_up() const override { return row().state == "up"; }
  void run(Done done) override;
  [[nodiscard]] std::vector<ProbeRow> probes() const override {
    return {probing_.last.begin(), probing_.last.end()};
  }

 private:
  void begin();
  void connect();
  void finish(ProbeRow row);
  void note(const ProbeRow& row);
  void note_availability();
  void wait_for_next();
  [[nodiscard]] std::string_view state() const;
  [[nodiscard]] ProbingRow probing_row() const;
  [[nodiscard]] Result<void> refuse(const char* what) const;
  void on_deadline() override;

  Worker& worker_;
  const std::shared_ptr<const ClientPlan> plan_;
  ClientRecord& record_;
  ProbeRecord& probing_;  // of `record_`
  NameWatch names_;
  const std::shared_ptr<const ProbePlan> probe_;
  ProbeSchedule schedule_;
  std::unique_ptr<ProbeRun> run_;
  std::uint64_t run_number_{0};
  std::vector<Done> waiting_;
  bool is_late_{false};  // a run is due, and waits for the end of the one before
};

}  // namespace tcpctl
