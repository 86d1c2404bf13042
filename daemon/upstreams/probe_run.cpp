// SPDX-License-Identifier: Apache-2.0
#include "upstreams/probe_run.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "tcp/proxy_protocol.hpp"

namespace tcpctl {
namespace {

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

std::string proxy_header(const ProbePlan& plan, const Address& here, const Address& there) {
  return plan.send_proxy == SendProxy::v1 ? tcp::proxy_header_v1(here, there) : tcp::proxy_header_local();
}

}  // namespace

bool same_run(const ProbePlan& left, const ProbePlan& right) {
  static const std::vector<Step> kNone;
  const auto steps = [](const ProbePlan& plan) -> const auto& { return plan.steps ? *plan.steps : kNone; };
  return left.dial.socket == right.dial.socket && left.dial.family == right.dial.family &&
         left.dial.connect_timeout == right.dial.connect_timeout && left.timeout == right.timeout &&
         left.send_proxy == right.send_proxy && left.close_wait == right.close_wait &&
         steps(left) == steps(right);
}

ProbeRun::ProbeRun(Worker& worker, std::shared_ptr<const ProbePlan> plan, std::size_t turn, Done done)
    : worker_{worker},
      plan_{std::move(plan)},
      done_{std::move(done)},
      started_{worker.time()},
      started_wall_{wall_now()},
      until_{started_ + plan_->timeout},
      steps_{plan_->steps},
      dialer_{worker, plan_->dial, *this, turn} {
  worker_.wheel().set(*this, until_);
}

ProbeRun::~ProbeRun() {
  if (connection_ == nullptr) return;
  connection_->forget_observer();
  connection_->finish(Reason::local_done);
}

// The look-up of a name takes its time, and nobody else has looked at the clock when it is over.
void ProbeRun::note_resolved() {
  worker_.tick();
  resolve_ = worker_.time() - started_;
}

void ProbeRun::begin_dialing() {
  worker_.tick();
  dialing_since_ = worker_.time();
}

void ProbeRun::dial(Dialer::Hosts hosts) {
  begin_dialing();
  dialer_.dial(std::move(hosts), until_);
}

void ProbeRun::dial(const NameState& names) {
  begin_dialing();
  dialer_.dial(names, until_);
}

void ProbeRun::on_up(ClientConnection& connection) {
  connection_ = &connection;
  address_ = connection.facts().remote;
  connect_ = worker_.time() - *dialing_since_;
  steps_.start(worker_.time(), until_);
  if (plan_->send_proxy != SendProxy::off &&
      !send(proxy_header(*plan_, connection.destination(), connection.facts().remote)))
    return;
  after_steps();
}

void ProbeRun::on_data(ClientConnection& /*connection*/, ByteView bytes) {
  if (ended_) return;
  steps_.on_data(bytes, worker_.time());
  after_steps();
}

void ProbeRun::on_peer_fin(ClientConnection& /*connection*/) {
  if (ended_) return;
  steps_.on_eof(worker_.time());
  after_steps();
}

void ProbeRun::on_gone(ClientConnection& connection) {
  connection_ = nullptr;
  if (ended_) {
    ended_->close = worker_.time() - *closing_since_;
    tell();
    return;
  }
  steps_.on_reset(worker_.time());
  if (steps_.finished()) finish_with_steps(connection.facts().close.detail.get());
}

void ProbeRun::on_dial_failed(const Race::Failure& failure) {
  if (failure.reason != Reason::connect_refused) {
    fail(word_of(failure.reason), failure.detail);
    return;
  }
  steps_.on_refused(worker_.time());
  if (steps_.finished()) finish_with_steps(failure.detail);
}

/// False where that ended the run, and maybe destroyed it.
bool ProbeRun::send(const std::string& bytes) {
  if (connection_ == nullptr || bytes.empty()) return true;
  ClientConnection& connection = *connection_;
  connection.send(as_bytes(bytes));
  return connection.stage() != Connection::Stage::gone;
}

/// The same, where the steps have said to send FIN.
bool ProbeRun::end_sending() {
  if (connection_ == nullptr || !steps_.ends_sending()) return true;
  ClientConnection& connection = *connection_;
  if (!closing_since_) closing_since_ = worker_.time();
  connection.finish_sending();
  return connection.stage() != Connection::Stage::gone;
}

void ProbeRun::after_steps() {
  if (!send(steps_.take_output()) || !end_sending()) return;
  if (steps_.finished()) {
    finish_with_steps({});
  } else if (const auto due = steps_.deadline()) {
    looked_again_ = false;
    worker_.wheel().set(*this, *due);
  }
}

void ProbeRun::on_deadline() {
  worker_.tick();
  if (ended_) {
    leave();
  } else if (looks_again()) {
    worker_.wheel().set(*this, worker_.time());
  } else if (connect_) {
    steps_.on_timeout(worker_.time());
    after_steps();
  } else {
    fail("L4TOUT", dialing_since_ ? "no answer to SYN" : "the name was not resolved");
  }
}

bool ProbeRun::looks_again() {
  const auto waits = steps_.waits_in();
  const bool is_pause = connect_ && waits && waits->kind == StepKind::wait;
  return !is_pause && !std::exchange(looked_again_, true);
}

ProbeRow ProbeRun::row() const {
  ProbeRow row;
  row.address = address_.value_or(dialer_.last_tried());
  row.at = started_wall_;
  row.took = worker_.time() - started_;
  row.resolve = resolve_;
  row.connect = connect_;
  for (const auto& step : steps_.result().steps)
    row.steps.push_back({step.n, std::string{text(step.kind)}, step.ok, step.took});
  return row;
}

RunningProbeRow ProbeRun::progress() const {
  if (ended_) return {.so_far = *ended_, .phase = "close", .step = 0, .step_kind = {}};
  RunningProbeRow running{.so_far = row(), .phase = "resolve", .step = 0, .step_kind = {}};
  if (dialing_since_) running.phase = connect_ ? "steps" : "connect";
  if (const auto waiting = steps_.waits_in()) {
    running.step = waiting->n;
    running.step_kind = text(waiting->kind);
  }
  return running;
}

void ProbeRun::fail(std::string_view result, const std::string& got) {
  worker_.tick();
  ProbeRow failed = row();
  failed.result = result;
  failed.got = got;
  finish(std::move(failed));
}

/// `detail` says why the connection was lost, where the peer has sent nothing that would.
void ProbeRun::finish_with_steps(std::string_view detail) {
  const StepsResult& result = steps_.result();
  ProbeRow ended = row();
  ended.success = result.success;
  ended.result = result.result;
  ended.failed_step = result.failed_step;
  if (result.cause) ended.cause = text(*result.cause);
  ended.got = !result.success && result.got.empty() ? std::string{detail} : result.got;
  finish(std::move(ended));
}

void ProbeRun::finish(ProbeRow row) {
  Wheel::cancel(*this);
  dialer_.stop(Reason::connect_timeout);
  ended_ = std::move(row);
  if (connection_ == nullptr) {
    tell();
  } else if (plan_->close_wait == Duration{0}) {
    ClientConnection& connection = *std::exchange(connection_, nullptr);
    connection.forget_observer();
    close(connection);
    tell();
  } else {
    if (!closing_since_) closing_since_ = worker_.time();
    worker_.wheel().set(*this, worker_.time() + plan_->close_wait);
    close(*connection_);  // that may have ended it, and destroyed this
  }
}

void ProbeRun::close(ClientConnection& connection) {
  if (steps_.wants_reset()) {
    connection.abort_when_delivered(Reason::local_done, "the step reset");
  } else {
    connection.finish(ended_->success ? Reason::local_done : Reason::script_mismatch);
  }
}

void ProbeRun::leave() {
  if (ClientConnection* const connection = std::exchange(connection_, nullptr)) connection->forget_observer();
  tell();
}

void ProbeRun::tell() {
  Wheel::cancel(*this);
  if (const Done done = std::exchange(done_, nullptr)) done(*std::move(ended_));
}

std::string in_words(const ProbeRow& row) {
  if (row.success) {
    const Duration took = row.steps.empty() ? row.connect.value_or(row.took) : row.took;
    return fmt::format("{} in {:.1f} ms", row.result, milliseconds(took));
  }
  if (row.failed_step)
    return fmt::format("{} at step {}{}", row.result, *row.failed_step,
                       row.got.empty() ? "" : fmt::format(": got '{}'", row.got));
  return row.got.empty() ? row.result : fmt::format("{} {}", row.result, row.got);
}

}  // namespace tcpctl
