// SPDX-License-Identifier: Apache-2.0
#include "upstreams/probe_run.hpp"

#include <algorithm>
#include <tuple>
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

bool same_socket(const tcp::Options& left, const tcp::Options& right) {
  const auto values = [](const tcp::Options& options) {
    const auto keepalive = options.keepalive.value_or(tcp::Options::Keepalive{});
    return std::tuple{options.keepalive.has_value(), keepalive.idle,    keepalive.interval, keepalive.probes,
                      options.user_timeout,          options.congestion};
  };
  return values(left) == values(right);
}

}  // namespace

bool same_run(const ProbePlan& left, const ProbePlan& right) {
  static const std::vector<Step> kNone;
  const auto steps = [](const ProbePlan& plan) -> const auto& { return plan.steps ? *plan.steps : kNone; };
  return same_socket(left.dial.socket, right.dial.socket) &&
         left.dial.connect_timeout == right.dial.connect_timeout && left.timeout == right.timeout &&
         left.send_proxy == right.send_proxy && steps(left) == steps(right);
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

void ProbeRun::begin_dialing() {
  worker_.tick();  // the look-up of a name may have taken its time
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
  connect_ = worker_.time() - *dialing_since_;
  steps_.start(worker_.time(), until_);
  if (plan_->send_proxy != SendProxy::off &&
      !send(proxy_header(*plan_, connection.destination(), connection.facts().remote)))
    return;
  after_steps();
}

void ProbeRun::on_data(ClientConnection& /*connection*/, ByteView bytes) {
  steps_.on_data(bytes, worker_.time());
  after_steps();
}

void ProbeRun::on_peer_fin(ClientConnection& /*connection*/) {
  steps_.on_eof(worker_.time());
  after_steps();
}

void ProbeRun::on_gone(ClientConnection& connection) {
  connection_ = nullptr;
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
  connection.finish_sending();
  return connection.stage() != Connection::Stage::gone;
}

void ProbeRun::after_steps() {
  if (!send(steps_.take_output()) || !end_sending()) return;
  if (steps_.finished()) {
    finish_with_steps({});
  } else if (const auto due = steps_.deadline()) {
    worker_.wheel().set(*this, *due);
  }
}

void ProbeRun::on_deadline() {
  worker_.tick();
  if (connect_) {
    steps_.on_timeout(worker_.time());
    after_steps();
  } else {
    fail("L4TOUT", dialing_since_ ? "no answer to SYN" : "the name was not resolved");
  }
}

ProbeRow ProbeRun::row() const {
  ProbeRow row;
  row.at = started_wall_;
  row.took = worker_.time() - started_;
  row.resolve = resolve_;
  row.connect = connect_;
  return row;
}

void ProbeRun::fail(std::string_view result, const std::string& got) {
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
  ended.got = !result.success && result.got.empty() ? std::string{detail} : result.got;
  for (const auto& step : result.steps)
    ended.steps.push_back({step.n, std::string{text(step.kind)}, step.ok, step.took});
  finish(std::move(ended));
}

void ProbeRun::finish(ProbeRow row) {
  Wheel::cancel(*this);
  dialer_.stop(Reason::connect_timeout);
  if (ClientConnection* const connection = std::exchange(connection_, nullptr)) {
    connection->forget_observer();
    if (steps_.wants_reset()) {
      connection->abort_when_delivered(Reason::local_done, "the step reset");
    } else {
      connection->finish(row.success ? Reason::local_done : Reason::script_mismatch);
    }
  }
  if (const Done done = std::exchange(done_, nullptr)) done(std::move(row));
}

std::string in_words(const ProbeRow& row) {
  if (row.success) {
    const Duration took = row.steps.empty() ? row.connect.value_or(row.took) : row.took;
    return fmt::format("{} in {:.1f} ms", row.result,
                       std::chrono::duration<double, std::milli>(took).count());
  }
  if (row.failed_step)
    return fmt::format("{} at step {}{}", row.result, *row.failed_step,
                       row.got.empty() ? "" : fmt::format(": got '{}'", row.got));
  return row.got.empty() ? row.result : fmt::format("{} {}", row.result, row.got);
}

}  // namespace tcpctl
