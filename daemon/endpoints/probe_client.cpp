// SPDX-License-Identifier: Apache-2.0
#include "endpoints/probe_client.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"

namespace tcpctl {
namespace {

constexpr std::size_t kKeptResults = 20;

std::string_view word_of(Reason reason) {
  switch (reason) {
    case Reason::connect_refused:
      return "L4CON";
    case Reason::connect_timeout:
      return "L4TOUT";
    default:
      return "L4UNR";
  }
}

}  // namespace

ProbeClient::ProbeClient(Worker& worker, Resolver& resolver, std::shared_ptr<const ClientPlan> plan,
                         ClientRecord& record)
    : worker_{worker},
      plan_{std::move(plan)},
      record_{record},
      names_{resolver, plan_->config->connect, {}, NameWatch::Refresh::when_asked},
      dialer_{worker, plan_, *this} {
  if (!record_.paused) begin();
}

ProbeClient::~ProbeClient() {
  if (run_ && run_->connection != nullptr) {
    run_->connection->forget_observer();
    run_->connection->finish(Reason::local_done);
  }
}

void ProbeClient::begin() {
  const Instant at = worker_.time();
  next_run_ = at + plan_->config->interval;
  ++record_.attempts;
  ++run_number_;
  run_.emplace(
      Run{at, wall_now(), at + plan_->config->timeout, {}, {}, {}, StepRunner{plan_->steps}, nullptr});
  worker_.wheel().set(*this, run_->deadline);
  names_.when_known([this, number = run_number_] {
    if (run_ && number == run_number_) connect();
  });
}

void ProbeClient::connect() {
  worker_.tick();  // the look-up of a name may have taken its time
  const auto kind = plan_->config->connect.kind;
  if (kind == ConnectAddress::Kind::host || kind == ConnectAddress::Kind::srv)
    run_->resolve = worker_.time() - run_->started;
  if (!names_.state().usable()) {
    fail("L4UNR", names_.state().error);
    return;
  }
  run_->connecting_since = worker_.time();
  dialer_.dial(names_.state(), run_->deadline);
}

void ProbeClient::on_up(ClientConnection& connection) {
  run_->connection = &connection;
  run_->connect = worker_.time() - *run_->connecting_since;
  run_->steps.start(worker_.time(), run_->deadline);
  after_steps();
}

void ProbeClient::on_data(ClientConnection& /*connection*/, ByteView bytes) {
  run_->steps.on_data(bytes, worker_.time());
  after_steps();
}

void ProbeClient::on_peer_fin(ClientConnection& /*connection*/) {
  run_->steps.on_eof(worker_.time());
  after_steps();
}

void ProbeClient::on_gone(ClientConnection& connection) {
  run_->connection = nullptr;
  run_->steps.on_reset(worker_.time());
  if (run_->steps.finished())
    finish(row_of(run_->steps.result(), std::string{connection.facts().close.detail.get()}));
}

void ProbeClient::on_dial_failed(const Race::Failure& failure) {
  if (failure.reason != Reason::connect_refused) {
    fail(word_of(failure.reason), failure.detail);
    return;
  }
  run_->steps.on_refused(worker_.time());
  if (run_->steps.finished()) finish(row_of(run_->steps.result(), failure.detail));
}

void ProbeClient::after_steps() {
  if (run_->connection != nullptr) run_->connection->send(as_bytes(run_->steps.take_output()));
  if (run_ && run_->connection != nullptr && run_->steps.ends_sending()) run_->connection->finish_sending();
  if (!run_) return;  // the sending failed, and that ended the run
  if (run_->steps.finished()) {
    finish(row_of(run_->steps.result(), {}));
  } else if (const auto due = run_->steps.deadline()) {
    worker_.wheel().set(*this, *due);
  }
}

void ProbeClient::on_deadline() {
  worker_.tick();
  if (!run_) {
    begin();
    return;
  }
  if (run_->connect) {
    run_->steps.on_timeout(worker_.time());
    after_steps();
  } else {
    fail("L4TOUT", run_->connecting_since ? "no answer to SYN" : "the name was not resolved");
  }
}

void ProbeClient::fail(std::string_view result, const std::string& got) {
  ProbeRow row;
  row.result = result;
  row.got = got;
  row.at = run_->started_wall;
  row.took = worker_.time() - run_->started;
  row.resolve = run_->resolve;
  row.connect = run_->connect;
  finish(std::move(row));
}

ProbeRow ProbeClient::row_of(const StepsResult& result, const std::string& detail) const {
  ProbeRow row;
  row.success = result.success;
  row.result = result.result;
  row.failed_step = result.failed_step;
  row.got = !result.success && result.got.empty() ? detail : result.got;
  row.at = run_->started_wall;
  row.took = worker_.time() - run_->started;
  row.resolve = run_->resolve;
  row.connect = run_->connect;
  for (const auto& step : result.steps)
    row.steps.push_back({step.n, std::string{text(step.kind)}, step.ok, step.took});
  return row;
}

void ProbeClient::finish(ProbeRow row) {
  dialer_.stop(Reason::connect_timeout);
  if (ClientConnection* const connection = std::exchange(run_->connection, nullptr)) {
    connection->forget_observer();
    if (run_->steps.wants_reset()) {
      connection->abort_when_delivered(Reason::local_done, "the step reset");
    } else {
      connection->finish(row.success ? Reason::local_done : Reason::script_mismatch);
    }
  }
  run_.reset();
  ++record_.outcomes[row.success ? "connected" : row.result];
  if (!row.success) {
    ++record_.failures[row.result];
    record_.last_failure = row.result + (row.got.empty() ? "" : ": " + row.got);
  }
  if (record_.results.empty() || record_.results.front().success != row.success) {
    log::info(row.success ? "probe.up" : "probe.down", log::f("client", plan_->owner->name),
              log::f("result", row.result), log::f("got", row.got));
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
  if (run_) return;
  worker_.tick();
  begin();
}

void ProbeClient::pause() {
  record_.paused = true;
  if (!run_) Wheel::cancel(*this);
}

void ProbeClient::resume() {
  if (!std::exchange(record_.paused, false) || run_) return;
  worker_.tick();
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
