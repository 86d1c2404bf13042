// SPDX-License-Identifier: Apache-2.0
#include "connections/served.hpp"

#include <algorithm>
#include <utility>

#include "connections/carried.hpp"

namespace tcpctl {
namespace {

constexpr std::size_t kQueueBytes = 64 * 1024;  // a service is told of no more room than this

Reason reason_of(ServiceEnd end) {
  switch (end) {
    case ServiceEnd::done:
      return Reason::local_done;
    case ServiceEnd::limit:
      return Reason::local_limit;
    case ServiceEnd::script_mismatch:
      return Reason::script_mismatch;
  }
  return Reason::unknown;
}

}  // namespace

void ServedConnection::on_open() {
  service_->on_open(*this);
  if (is_open() && queued() == 0 && wants_to_write()) another_turn();
}

bool ServedConnection::is_portable() const { return is_standing() && !told_fin_ && service_->state(); }

std::unique_ptr<CarriedSession> ServedConnection::carry() {
  if (!is_portable()) return nullptr;
  const Owner& owner = *facts().owner;
  auto session = std::make_unique<CarriedSession>();
  session->owner = owner.name;
  session->service = owner.service;
  session->state = *service_->state();
  session->held = std::move(held_);
  session->leg = pack();
  return session;
}

void ServedConnection::resume(Worker& worker, OwnerPtr owner, std::unique_ptr<Service> service, Terms terms,
                              CarriedSession session) {
  CarriedLeg& leg = session.leg;
  const Address remote = leg.facts.remote;
  auto made = std::make_unique<ServedConnection>(worker, std::move(owner), std::move(leg.fd), remote,
                                                 std::move(service));
  ServedConnection& connection = *made;
  connection.unpack(std::move(leg));
  connection.set_terms(std::move(terms));
  connection.held_ = std::move(session.held);
  worker.adopt(std::move(made));
  connection.restart();
  if (connection.is_open() && !connection.service_->resume(connection, session.state))
    connection.Connection::finish(Reason::drain, "its service could not go on after a restart");
}

void ServedConnection::send(ByteView bytes) {
  turn_left_ -= std::min(turn_left_, bytes.size());
  if (Throttles* const throttles = quota_.throttles()) throttles->out().take(bytes.size());
  Connection::send(bytes);
}

std::size_t ServedConnection::room() const {
  const std::size_t free = is_open() ? kQueueBytes - std::min(kQueueBytes, queued()) : 0;
  std::size_t room = queued() > 0 ? 0 : std::min(free, turn_left_);
  if (Throttles* const throttles = quota_.throttles(); room > 0 && throttles != nullptr)
    room = std::min(room, throttles->out().allowance());
  if (room == 0) was_denied_ = true;
  return room;
}

// Who waits for the limit of bandwidth has its turn when that wait is over.
bool ServedConnection::wants_to_write() const {
  Throttles* const throttles = quota_.throttles();
  return (was_denied_ || !held_.empty()) && (throttles == nullptr || !throttles->out().is_waiting());
}

bool ServedConnection::wants_to_read() const {
  Throttles* const throttles = quota_.throttles();
  return readable() && held_.empty() && (throttles == nullptr || !throttles->in().is_waiting());
}

void ServedConnection::finish(ServiceEnd end, std::string_view detail) {
  // A service that is done because its peer is, is the peer's end.
  Connection::finish(eof() && end == ServiceEnd::done ? Reason::peer_fin : reason_of(end), detail);
}

void ServedConnection::wake_at(Instant when) {
  if (is_open()) worker().wake(facts().id, when);
}

void ServedConnection::on_ready() {
  turn_left_ = Worker::kTurnBytes;
  read_while_there_is_room();
  if (!is_open() || queued() > 0) return;
  if (std::exchange(was_denied_, false)) service_->on_room(*this);
  go_on_if_due();
}

void ServedConnection::on_wake() {
  turn_left_ = Worker::kTurnBytes;
  service_->on_wake(*this);
  go_on_if_due();
}

void ServedConnection::go_on_if_due() {
  if (is_open() && queued() == 0 && (wants_to_write() || wants_to_read())) another_turn();
}

void ServedConnection::read_while_there_is_room() {
  while (is_open() && queued() == 0 && turn_left_ > 0) {
    if (!held_.empty()) {
      if (!offer_held()) return;
      continue;
    }
    if (eof()) {
      if (!std::exchange(told_fin_, true)) service_->on_peer_fin(*this);
      // Behind the FIN there is nothing to read that would tell; behind both, nothing can come.
      if (is_open() && !fin_sent()) end_if_reset();
      return;
    }
    if (!readable()) return;
    Throttles* const throttles = quota_.throttles();
    const std::size_t most = throttles == nullptr ? SIZE_MAX : throttles->in().allowance();
    if (most == 0) return;
    const Read read = receive(most);
    if (read.status == Read::Status::eof) continue;
    if (read.status != Read::Status::data) return;
    turn_left_ -= std::min(turn_left_, read.bytes.size());
    if (throttles != nullptr) throttles->in().take(read.bytes.size());
    if (!offer(read.bytes)) return;
  }
}

bool ServedConnection::offer(ByteView bytes) {
  const std::size_t taken = service_->on_data(*this, bytes);
  if (taken < bytes.size() && is_open()) held_.assign(bytes.data() + taken, bytes.size() - taken);
  return taken > 0;
}

bool ServedConnection::offer_held() {
  const std::string bytes = std::exchange(held_, {});
  return offer(as_bytes(bytes));
}

}  // namespace tcpctl
