// SPDX-License-Identifier: Apache-2.0
#include "endpoints/keep_slot.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "base/log.hpp"
#include "connections/party_event.hpp"

namespace tcpctl {
namespace {

constexpr std::array<std::string_view, 7> kStateTexts{"waiting", "resolving",   "connecting", "logging_in",
                                                      "up",      "backing_off", "paused"};
constexpr std::size_t kMostGot = 200;  // of what a failed login shows

std::string words_of(const StepsResult& result, std::string_view why) {
  const std::string_view got = result.got.empty() ? why : std::string_view{result.got};
  return fmt::format("login: {} at step {}{}{}", result.result, result.failed_step.value_or(0),
                     got.empty() ? "" : ": ", got.substr(0, kMostGot));
}

std::unique_ptr<NameWatch> watch_of(Resolver& resolver, const ConnectAddress& address) {
  if (literal_state(address)) return nullptr;
  return std::make_unique<NameWatch>(resolver, address, NameWatch::Changed{}, NameWatch::Refresh::when_asked);
}

}  // namespace

KeepHome::KeepHome(Worker& of, Resolver& resolver, std::shared_ptr<const ClientPlan> with,
                   ClientRecord& remembered, ConnectPacer& pace)
    : worker{of},
      plan{std::move(with)},
      record{remembered},
      pacer{pace},
      watch{watch_of(resolver, plan->config->connect)},
      received{0},
      random{std::random_device{}()} {
  take(plan);
}

void KeepHome::take(std::shared_ptr<const ClientPlan> next) {
  plan = std::move(next);
  waits_when_full = config().on_full == config::OnFull::wait;
  const auto wanted = static_cast<std::size_t>(config().receive_buffer.count());
  received.set_limit(waits_when_full ? std::max(wanted, received.untaken()) : wanted);
  if (config().heartbeat.is_on() && !record.heartbeat) record.heartbeat = std::make_unique<HeartbeatStats>();
}

Duration KeepHome::backoff(unsigned failures) {
  const double longest = std::chrono::duration<double>(config().backoff_max).count();
  const double wait = std::min(longest, std::chrono::duration<double>(config().backoff_initial).count() *
                                            std::pow(config().backoff_factor, failures));
  std::uniform_real_distribution<double> spread{1 - config().backoff_jitter, 1 + config().backoff_jitter};
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>{wait * spread(random)});
}

void KeepHome::note_up(int change) {
  up = static_cast<std::uint32_t>(static_cast<int>(up) + change);
  record.availability.set(up > 0 ? Availability::State::up : Availability::State::down, worker.time());
}

void KeepHome::note_failure(Reason reason, std::string_view detail) {
  record.failures.add(text(reason));
  record.last_failure = fmt::format("{}{}{}", text(reason), detail.empty() ? "" : ": ", detail);
}

void KeepHome::when_known(NameWatch::Answered answered) {
  if (watch) {
    watch->when_known(std::move(answered));
  } else {
    answered();
  }
}

NameState KeepHome::names() const {
  return watch ? watch->state() : literal_state(config().connect).value_or(NameState{});
}

void KeepSlot::enter(State state) {
  state_ = state;
  since_ = home_.worker.wall_at(home_.worker.time());
}

void KeepSlot::begin() {
  Wheel::cancel(*this);
  resolved_ = false;
  enter(State::waiting);
  home_.pacer.wait(*this);
}

void KeepSlot::on_turn() {
  if (resolved_) {
    connect();
  } else {
    resolve();
  }
}

void KeepSlot::resolve() {
  home_.worker.tick();
  began_ = home_.worker.time();
  began_wall_ = home_.worker.wall_at(began_);
  enter(State::resolving);
  resolving_ = std::make_shared<int>();
  asking_now_ = true;
  home_.when_known([this, alive = std::weak_ptr<int>{resolving_}] {
    if (!alive.expired()) on_resolved();
  });
  asking_now_ = false;
}

// An answer of DNS may be what many wait for, so that each of them needs another turn.
void KeepSlot::on_resolved() {
  resolving_.reset();
  home_.worker.tick();
  if (std::exchange(asking_now_, false)) {
    connect();
    return;
  }
  resolved_ = true;
  enter(State::waiting);
  home_.pacer.wait(*this);
}

void KeepSlot::connect() {
  home_.worker.tick();
  connecting_since_ = home_.worker.time();
  plan_ = home_.plan;
  ++home_.record.attempts;
  ++attempts_;
  const NameState names = home_.names();
  if (!names.usable()) {
    fail_attempt(Reason::connect_unreachable, names.error, {});
    return;
  }
  enter(State::connecting);
  Dialer::Caller& self = *this;
  dialer_ = std::make_unique<Dialer>(home_.worker, dial_options(*plan_), self,
                                     static_cast<std::size_t>(attempts_ - 1));
  dialer_->dial(names);
}

void KeepSlot::on_dial_failed(const Race::Failure& failure) {
  const auto over = std::move(dialer_);  // it lives until its callback is over
  fail_attempt(failure.reason, failure.detail, failure.address);
}

void KeepSlot::fail_attempt(Reason reason, std::string_view detail, const Address& address) {
  home_.record.outcomes.add(text(reason));
  home_.record.recent.add_failed();
  home_.note_failure(reason, detail);
  log_.add({.at = began_wall_, .address = address, .took = home_.worker.time() - began_, .failure = reason});
  back_off();
}

void KeepSlot::back_off() {
  enter(State::backing_off);
  next_attempt_ = home_.worker.time() + home_.backoff(failures_++);
  home_.worker.wheel().set(*this, next_attempt_);
}

void KeepSlot::on_up(ClientConnection& connection) {
  const auto over = std::move(dialer_);
  connection_ = &connection;
  connect_took_ = home_.worker.time() - connecting_since_;
  home_.record.connect_time.add(std::chrono::duration<double>(connect_took_).count());
  if (!plan_->login->empty()) {
    enter(State::logging_in);
    login_ = std::make_unique<StepRunner>(plan_->login, StepRun{.reports = false, .keeps_rest = true});
    login_->note_sent(plan_->config->greeting.get());
    login_->start(home_.worker.time(), home_.worker.time() + plan_->config->login_timeout);
  }
  connection.send(as_bytes(plan_->config->greeting.get()));
  if (connection_ == nullptr) return;  // the sending showed that it was gone
  if (login_) {
    go_on_with_login();
  } else {
    come_up();
  }
}

void KeepSlot::go_on_with_login() {
  if (const std::string output = login_->take_output(); !output.empty()) {
    connection_->send(as_bytes(output));
    if (connection_ == nullptr) return;
  }
  looked_again_ = false;
  if (!login_->finished()) {
    if (const auto due = login_->deadline()) home_.worker.wheel().set(*this, *due);
    return;
  }
  if (!login_->result().success) {
    fail_login(connection_->facts().remote, {});
    return;
  }
  const auto login = std::move(login_);
  Wheel::cancel(*this);
  come_up();
  if (const std::string rest = login->take_rest(); !rest.empty()) take(as_bytes(rest));
}

void KeepSlot::fail_login(const Address& address, std::string_view why) {
  const auto login = std::move(login_);
  Wheel::cancel(*this);
  const std::string detail = words_of(login->result(), why);
  const Address tried = address;  // it may go with the connection
  if (ClientConnection* const connection = std::exchange(connection_, nullptr)) {
    connection->forget_observer();
    connection->finish(Reason::script_mismatch, detail);
  }
  fail_attempt(Reason::script_mismatch, detail, tried);
}

void KeepSlot::come_up() {
  enter(State::up);
  up_since_ = home_.worker.time();
  home_.record.outcomes.add("connected");
  home_.record.recent.add(connect_took_);
  const Facts& facts = connection_->facts();
  log_.add({.at = began_wall_, .address = facts.remote, .took = up_since_ - began_, .failure = {}});
  home_.note_up(+1);
  log::info("client.up", log::f("client", plan_->owner->name), log::f("connection", id_text(facts.id)),
            log::f("remote", facts.remote.text()));
  tell(EventKind::client_up, *connection_, std::nullopt);
  begin_heartbeat();
}

void KeepSlot::begin_heartbeat() {
  if (!plan_->config->heartbeat.is_on()) return;
  heartbeat_ = std::make_unique<Heartbeat>(plan_->config->heartbeat, plan_->heartbeat_answer,
                                           *home_.record.heartbeat, home_.worker.time());
  home_.worker.wheel().set(*this, heartbeat_->due());
}

std::unique_ptr<CarriedSession> KeepSlot::carry() {
  if (connection() == nullptr || !connection_->is_portable()) return nullptr;
  Wheel::cancel(*this);
  auto session = std::make_unique<CarriedSession>();
  session->owner = plan_->owner->name;
  session->is_of_client = true;
  session->service = plan_->owner->service;
  session->state.bytes = plan_->config->connect.text();
  session->held = std::move(held_);
  session->slot = {.attempts = attempts_, .failures = failures_, .since = since_, .up_since = up_since_};
  connection_->forget_observer();
  session->leg = std::exchange(connection_, nullptr)->pack();
  state_ = State::paused;
  return session;
}

void KeepSlot::resume(CarriedSession session) {
  plan_ = home_.plan;
  attempts_ = session.slot.attempts;
  failures_ = session.slot.failures;
  held_ = std::move(session.held);
  CarriedLeg& leg = session.leg;
  const Address remote = leg.facts.remote;
  Observer& self = *this;
  auto made = std::make_unique<ClientConnection>(home_.worker, plan_->owner, std::move(leg.fd), remote, self,
                                                 Connection::Stage::open);
  connection_ = made.get();
  made->unpack(std::move(leg));
  plan_->owner->stats->add_opened();
  home_.worker.adopt(std::move(made));
  state_ = State::up;
  since_ = session.slot.since;
  up_since_ = session.slot.up_since;
  home_.note_up(+1);
  connection_->restart();
  if (connection_ != nullptr) begin_heartbeat();
}

std::size_t KeepSlot::room() const {
  if (!home_.waits_when_full || login_) return SIZE_MAX;
  return held_.empty() ? home_.received.room() : 0;
}

void KeepSlot::on_data(ClientConnection& /*connection*/, ByteView bytes) {
  while (login_ && !bytes.empty()) {
    const ByteView piece = bytes.first(std::min(bytes.size(), login_->space()));
    login_->on_data(piece, home_.worker.time());
    bytes = bytes.subspan(piece.size());
    go_on_with_login();
    if (connection_ == nullptr) return;
    if (piece.empty()) return;  // steps that wait for nothing are due first
  }
  if (!bytes.empty()) take(bytes);
}

void KeepSlot::take(ByteView bytes) {
  failures_ = 0;
  if (heartbeat_ && heartbeat_->on_data(bytes, home_.worker.time())) {
    looked_again_ = false;
    home_.worker.wheel().set(*this, heartbeat_->due());
  }
  const std::size_t most = !home_.waits_when_full ? bytes.size()
                           : held_.empty()        ? std::min(bytes.size(), home_.received.room())
                                                  : 0;
  home_.received.add(bytes.first(most));
  held_.append(bytes.data() + most, bytes.size() - most);
}

void KeepSlot::read_on() {
  if (!held_.empty()) {
    const std::size_t most =
        home_.waits_when_full ? std::min(held_.size(), home_.received.room()) : held_.size();
    home_.received.add(as_bytes(held_).first(most));
    held_.erase(0, most);
  }
  if (held_.empty() && connection_ != nullptr && !login_) connection_->read_on();
}

void KeepSlot::on_peer_fin(ClientConnection& connection) {
  if (!login_) {
    connection.finish(Reason::peer_fin);
    return;
  }
  login_->on_eof(home_.worker.time());
  go_on_with_login();
  if (connection_ != nullptr && !login_) connection.finish(Reason::peer_fin);
}

void KeepSlot::on_gone(ClientConnection& connection) {
  connection_ = nullptr;
  const CloseFacts& close = connection.facts().close;
  if (login_) {
    login_->on_reset(home_.worker.time());
    const std::string why = fmt::format("{}", close.detail.get());
    fail_login(connection.facts().remote, why.empty() ? text(*close.reason) : std::string_view{why});
    return;
  }
  if (is_stable(home_.worker.time())) failures_ = 0;
  home_.note_failure(*close.reason, close.detail.get());
  note_down(connection, *close.reason);
  back_off();
}

/// It was up.
void KeepSlot::note_down(const ClientConnection& connection, Reason reason) {
  Wheel::cancel(*this);
  heartbeat_.reset();
  home_.note_up(-1);
  log_.note_end(reason, home_.worker.time() - up_since_);
  log::info("client.down", log::f("client", plan_->owner->name),
            log::f("connection", id_text(connection.facts().id)), log::f("reason", text(reason)));
  tell(EventKind::client_down, connection, reason);
}

void KeepSlot::drop(Reason reason) {
  const bool was_up = state_ == State::up;
  Wheel::cancel(*this);
  home_.pacer.leave(*this);
  resolving_.reset();
  login_.reset();
  if (const auto dialer = std::move(dialer_)) dialer->stop(reason);
  if (ClientConnection* const connection = std::exchange(connection_, nullptr)) {
    connection->forget_observer();
    if (was_up) note_down(*connection, reason);
    connection->finish(reason);
  }
  enter(State::paused);
}

void KeepSlot::on_deadline() {
  home_.worker.tick();
  if (state_ == State::backing_off) {
    begin();
  } else if (looks_again()) {
    home_.worker.wheel().set(*this, home_.worker.time());
  } else if (login_) {
    login_->on_timeout(home_.worker.time());
    go_on_with_login();
  } else if (heartbeat_) {
    beat();
  }
}

bool KeepSlot::looks_again() {
  const bool waits = login_ != nullptr || (heartbeat_ && heartbeat_->is_waiting());
  looked_again_ = waits && !looked_again_;
  return looked_again_;
}

void KeepSlot::beat() {
  const Instant time = home_.worker.time();
  if (!connection_->is_open()) return;  // it is ending
  if (room() == 0) {
    heartbeat_->put_off(time);  // an answer could not be read
  } else if (heartbeat_->is_waiting()) {
    const auto [reason, detail] = heartbeat_->missed();
    connection_->abort(reason, detail);
    return;
  } else {
    heartbeat_->sent(time);
    connection_->send(as_bytes(plan_->config->heartbeat.send.get()));
    if (connection_ == nullptr) return;
  }
  home_.worker.wheel().set(*this, heartbeat_->due());
}

void KeepSlot::tell(EventKind kind, const ClientConnection& connection, std::optional<Reason> reason) {
  Event* const event = add_event(home_.worker, kind, plan_->owner);
  if (event == nullptr) return;
  event->connection = connection.facts().id;
  event->remote = connection.facts().remote;
  event->direction = Direction::outbound;
  event->reason = reason;
  event->detail = home_.worker.events().text(connection.facts().close.detail.get());
}

SlotRow KeepSlot::row(std::uint32_t number, Instant time) const {
  SlotRow row{.n = number,
              .state = kStateTexts.at(static_cast<std::size_t>(state_)),
              .since = since_,
              .connection = {},
              .attempts = attempts_,
              .failures = is_stable(time) ? 0 : failures_,
              .next_attempt_in = {},
              .history = log_.rows()};
  if (connection_ != nullptr) row.connection = connection_->facts().id;
  if (const auto at = next_attempt()) row.next_attempt_in = std::max(Duration{0}, Duration{*at - time});
  return row;
}

}  // namespace tcpctl
