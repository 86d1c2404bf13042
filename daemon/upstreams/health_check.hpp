// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <random>
#include <utility>

#include "engine/wheel.hpp"
#include "upstreams/probe_run.hpp"

namespace tcpctl {

/// Checks one upstream again and again, at most one run at a time.
///
/// The first run comes at a random moment within the interval, and each later one up to a tenth of it early
/// or late, so that the checks of many upstreams do not align. Threads: only on the director's loop.
class HealthCheck final : private Deadline {
 public:
  /// The addresses of the next run, which are raced; none skips it.
  using Where = std::function<std::shared_ptr<const AddressList>()>;
  using Done = std::function<void(ProbeRow)>;

  HealthCheck(Worker& worker, std::shared_ptr<const ProbePlan> plan, Duration interval, Where where,
              Done done);
  HealthCheck(const HealthCheck&) = delete;
  HealthCheck& operator=(const HealthCheck&) = delete;

  /// Another plan with the same run, for the runs to come.
  void set_plan(std::shared_ptr<const ProbePlan> plan) { plan_ = std::move(plan); }
  /// When the next run is due; it comes up to one tick of the wheel later.
  [[nodiscard]] Instant next_run() const { return next_run_; }
  /// The next run comes soon: what it finds decides.
  void hurry();

 private:
  void on_deadline() override;
  void run_at(Instant when);
  [[nodiscard]] Duration jittered();

  Worker& worker_;
  std::shared_ptr<const ProbePlan> plan_;
  const Duration interval_;
  const Where where_;
  const Done done_;
  std::minstd_rand random_;
  Instant next_run_{};
  std::size_t turn_{0};  // of the addresses
  std::unique_ptr<ProbeRun> run_;
};

}  // namespace tcpctl
