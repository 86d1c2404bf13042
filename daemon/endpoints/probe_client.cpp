// SPDX-License-Identifier: Apache-2.0
#include "endpoints/probe_client.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/log.hpp"
#include "connections/party_event.hpp"

namespace tcpctl {
namespace {

constexpr std::size_t kKeptResults = 20;
constexpr Duration kCloseWait = std::chrono::milliseconds{500};

std::shared_ptr<const ProbePlan> probe_plan(const ClientPlan& plan) {
  return std::make_shared<const ProbePlan>(ProbePlan{.dial = dial_options(plan),
                                                     .steps = plan.steps,
                                                     .timeout = plan.config->timeout,
                                                     .close_wait = kCloseWait});
}

ProbeRecord& record_of(ClientRecord& client) {
  if (!client.probing) client.probing = std::make_unique<ProbeRecord>();
  return *client.probing;
}

ProbeSchedule schedule(const ClientPlan& plan, ProbeRecord& record, Instant now) {
  if (!record.origin) record.origin = now;
  return {{.interval = plan.config->interval,
           .jitter = plan.config->jitter,
           .place = ProbeSchedule::place_of(plan.owner->name),
           .probes = plan.probes,
           .has_run = record.has_run},
          *record.origin,
          now};
}

}  // namespace

ProbeClient::ProbeClient(Worker& worker, Resolver& resolver, std::shared_ptr<const ClientPlan> plan,
                         ClientRecord& record)
    : worker_{worker},
      plan_{std::move(plan)},
      record_{record},
      probing_{record_of(record)},
      names_{resolver, plan_->config->connect, {}, NameWatch::Refresh::when_asked},
      probe_{probe_plan(*plan_)},
      schedule_{schedule(*plan_, probing_, worker_.time())} {
  if (!record_.paused) wait_for_next();
}

void ProbeClient::wait_for_next() { worker_.wheel().set(*this, schedule_.due()); }

void ProbeClient::on_deadline() {
  worker_.tick();
  if (run_ && run_->is_closing()) run_->leave();
  if (run_) {
    is_late_ = true;
    return;
  }
  if (std::exchange(is_late_, false)) ++probing_.late;
  probing_.skipped += schedule_.begin(worker_.time());
  wait_for_next();
  begin();
}

void ProbeClient::begin() {
  ++record_.attempts;
  probing_.has_run = true;
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
  note(row);
  probing_.last.push_front(std::move(row));
  if (probing_.last.size() > kKeptResults) probing_.last.pop_back();
  if (is_late_) worker_.wheel().set(*this, worker_.time());
  for (const auto& done : std::exchange(waiting_, {})) done(probing_.last.front());
}

void ProbeClient::note(const ProbeRow& row) {
  record_.outcomes.add(row.success ? "connected" : row.result);
  ++probing_.results[row.result];
  if (!row.success) {
    record_.failures.add(row.result);
    record_.last_failure = row.result + (row.got.empty() ? "" : ": " + row.got);
  }
  if (row.connect) record_.connect_time.add(std::chrono::duration<double>(*row.connect).count());
  if (row.success) {
    record_.recent.add(row.took);
  } else {
    record_.recent.add_failed();
  }
  const bool same = !probing_.last.empty() && probing_.last.front().success == row.success;
  const auto& [rise, fall] = std::tie(plan_->config->rise, plan_->config->fall);
  const bool has_changed = probing_.note(row.success, same, rise, fall, wall_now());
  note_availability();
  if (!has_changed) return;
  log::info(row.success ? "probe.up" : "probe.down", log::f("client", plan_->owner->name),
            log::f("result", row.result), log::f("got", row.got));
  if (Event* const event =
          add_event(worker_, row.success ? EventKind::client_up : EventKind::client_down, plan_->owner))
    event->detail = worker_.events().text(in_words(row));
}

void ProbeClient::note_availability() {
  using State = Availability::State;
  const auto& up = probing_.up;
  record_.availability.set(record_.paused || !up ? State::unknown : *up ? State::up : State::down, now());
}

void ProbeClient::run(Done done) {
  worker_.tick();
  if (run_ && run_->is_closing()) run_->leave();
  waiting_.push_back(std::move(done));
  if (!run_) begin();
}

void ProbeClient::pause() {
  record_.paused = true;
  is_late_ = false;
  Wheel::cancel(*this);
  note_availability();
}

void ProbeClient::resume() {
  if (!std::exchange(record_.paused, false)) return;
  worker_.tick();
  schedule_.resume(worker_.time());
  note_availability();
  wait_for_next();
}

Result<void> ProbeClient::refuse(const char* what) const {
  return tcpctl::fail(Errc::conflict,
                      "client '" + plan_->owner->name + "' has mode probe; " + what + " is for mode keep");
}

Result<void> ProbeClient::reconnect() { return refuse("reconnect"); }

void ProbeClient::send(const std::string& /*data*/, std::optional<Duration> /*wait_ack*/, Sent done) {
  done(tl::make_unexpected(refuse("send").error()));
}

Result<ReceivedRow> ProbeClient::received(std::uint64_t /*from*/) const {
  return tl::make_unexpected(refuse("received").error());
}

Result<TakenRow> ProbeClient::take(std::uint64_t /*upto*/) {
  return tl::make_unexpected(refuse("received").error());
}

std::string_view ProbeClient::state() const {
  if (record_.paused) return "paused";
  if (!probing_.up) return "connecting";
  return *probing_.up ? "up" : "down";
}

ProbingRow ProbeClient::probing_row() const {
  ProbingRow row;
  if (run_) row.running = run_->progress();
  if (probing_.up) row.since = probing_.since;
  row.in_row = probing_.in_row;
  row.results = probing_.results;
  row.skipped = probing_.skipped;
  row.late = probing_.late;
  return row;
}

ClientRow ProbeClient::row() const {
  ClientRow row;
  row.wanted = 1;
  row.connecting = run_ ? 1 : 0;
  row.up = probing_.up.value_or(false) ? 1 : 0;
  row.state = state();
  if (row.up == 0 && !probing_.last.empty()) row.error = record_.last_failure;
  note_names(row, names_.state());
  note_record(row, record_);
  if (!run_ && !record_.paused)
    row.next_attempt_in = std::max(Duration{0}, Duration{schedule_.due() - now()});
  if (!probing_.last.empty()) row.last_probe = probing_.last.front();
  row.probing = probing_row();
  return row;
}

}  // namespace tcpctl
