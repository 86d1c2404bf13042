// SPDX-License-Identifier: Apache-2.0
#include "endpoints/probe_client.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "connections/party_event.hpp"

namespace tcpctl {
namespace {

constexpr std::size_t kKeptResults = 20;

std::shared_ptr<const ProbePlan> probe_plan(const ClientPlan& plan) {
  return std::make_shared<const ProbePlan>(
      ProbePlan{.dial = dial_options(plan), .steps = plan.steps, .timeout = plan.config->timeout});
}

}  // namespace

ProbeClient::ProbeClient(Worker& worker, Resolver& resolver, std::shared_ptr<const ClientPlan> plan,
                         ClientRecord& record)
    : worker_{worker},
      plan_{std::move(plan)},
      record_{record},
      names_{resolver, plan_->config->connect, {}, NameWatch::Refresh::when_asked},
      probe_{probe_plan(*plan_)} {
  if (!record_.paused) begin();
}

void ProbeClient::begin() {
  worker_.tick();
  next_run_ = worker_.time() + plan_->config->interval;
  ++record_.attempts;
  Wheel::cancel(*this);
  run_ = std::make_unique<ProbeRun>(worker_, probe_, ++run_number_, [this](ProbeRow row) {
    const auto over = std::move(run_);  // it lives until its callback is over
    finish(std::move(row));
  });
  names_.when_known([this, number = run_number_] {
    if (run_ && number == run_number_) connect();
  });
}

void ProbeClient::connect() {
  const auto kind = plan_->config->connect.kind;
  if (kind == ConnectAddress::Kind::host || kind == ConnectAddress::Kind::srv) run_->note_resolved();
  if (names_.state().usable()) {
    run_->dial(names_.state());
  } else {
    run_->fail("L4UNR", names_.state().error);
  }
}

void ProbeClient::finish(ProbeRow row) {
  ++record_.outcomes[row.success ? "connected" : row.result];
  if (!row.success) {
    ++record_.failures[row.result];
    record_.last_failure = row.result + (row.got.empty() ? "" : ": " + row.got);
  }
  if (record_.results.empty() || record_.results.front().success != row.success) {
    log::info(row.success ? "probe.up" : "probe.down", log::f("client", plan_->owner->name),
              log::f("result", row.result), log::f("got", row.got));
    if (Event* const event =
            add_event(worker_, row.success ? EventKind::client_up : EventKind::client_down, plan_->owner))
      event->detail = worker_.events().text(std::string_view{row.result});
  }
  record_.results.push_front(std::move(row));
  if (record_.results.size() > kKeptResults) record_.results.pop_back();
  schedule();
  for (const auto& done : std::exchange(waiting_, {})) done(record_.results.front());
}

void ProbeClient::schedule() {
  Wheel::cancel(*this);
  if (!record_.paused) worker_.wheel().set(*this, std::max(next_run_, worker_.time()));
}

void ProbeClient::run(Done done) {
  waiting_.push_back(std::move(done));
  if (!run_) begin();
}

void ProbeClient::pause() {
  record_.paused = true;
  if (!run_) Wheel::cancel(*this);
}

void ProbeClient::resume() {
  if (!std::exchange(record_.paused, false) || run_) return;
  begin();
}

Result<void> ProbeClient::refuse(const char* what) const {
  return tcpctl::fail(Errc::conflict,
                      "client '" + plan_->owner->name + "' has mode probe; " + what + " is for mode keep");
}

Result<void> ProbeClient::reconnect() { return refuse("reconnect"); }

Result<std::uint64_t> ProbeClient::send(const std::string& /*data*/) {
  return tl::make_unexpected(refuse("send").error());
}

Result<ReceivedRow> ProbeClient::received(std::uint64_t /*from*/) const {
  return tl::make_unexpected(refuse("received").error());
}

ClientRow ProbeClient::row() const {
  ClientRow row;
  row.wanted = 1;
  row.connecting = run_ ? 1 : 0;
  const bool success = !record_.results.empty() && record_.results.front().success;
  row.up = success ? 1 : 0;
  row.state = record_.paused ? "paused" : record_.results.empty() ? "connecting" : success ? "up" : "down";
  if (!success && !record_.results.empty()) row.error = record_.last_failure;
  note_names(row, names_.state());
  row.attempts = record_.attempts;
  row.failures = record_.failures;
  row.outcomes = record_.outcomes;
  if (!run_ && !record_.paused) row.next_attempt_in = std::max(Duration{0}, Duration{next_run_ - now()});
  row.last_failure = record_.last_failure;
  if (!record_.results.empty()) row.last_probe = record_.results.front();
  return row;
}

}  // namespace tcpctl
