// SPDX-License-Identifier: Apache-2.0
#include "connections/relay.hpp"

#include <utility>

namespace tcpctl {

Relay::Relay(Worker& worker, OwnerPtr owner, std::shared_ptr<const RelayOptions> options,
             std::unique_ptr<TargetSource> targets)
    : worker_{worker},
      owner_{std::move(owner)},
      options_{std::move(options)},
      targets_{std::move(targets)},
      attempts_left_{options_->attempts} {}

Relay::~Relay() = default;

void Relay::start(Fd fd, const Address& remote) {
  auto leg = std::make_unique<RelayLeg>(shared_from_this(), Direction::inbound, Connection::Stage::open,
                                        std::move(fd), remote);
  client_ = leg.get();
  worker_.adopt(std::move(leg));
  client_->start();
  if (client_ != nullptr) try_next();
}

void Relay::try_next() {
  --attempts_left_;
  targets_->next([weak = weak_from_this()](Result<Target> target) {
    const auto self = weak.lock();
    if (!self || self->client_ == nullptr || !self->client_->is_open()) return;
    if (target) {
      self->connect(*target);
    } else if (self->attempts_left_ > 0) {
      self->try_next();
    } else {
      self->give_up(Reason::upstream_down, target.error().what);
    }
  });
}

void Relay::connect(const Target& target) {
  worker_.tick();  // the look-up of a name may have taken its time
  target_ = target;
  auto connecting = tcp::connect_to(target.address, options_->outbound);
  if (!connecting) {
    const bool is_shortage = connecting.error().code == Errc::unavailable;
    const Reason reason = is_shortage ? Reason::resource : Reason::connect_unreachable;
    targets_->failed(target, reason);
    if (!is_shortage && attempts_left_ > 0) {
      try_next();
    } else {
      give_up(reason, *target.name + " at " + target.address.text() + ": " + connecting.error().what);
    }
    return;
  }
  auto leg =
      std::make_unique<RelayLeg>(shared_from_this(), Direction::outbound, Connection::Stage::connecting,
                                 std::move(connecting->fd), target.address);
  RelayLeg& attempt = *leg;
  upstream_ = &attempt;
  attempt.note_upstream(target.name);
  attempt.note_peer(client_->facts().id);
  client_->note_peer(attempt.facts().id);
  worker_.adopt(std::move(leg));
  attempt.connect_within(options_->connect_timeout);
  attempt.start();
  // It may be over already, and another one begun.
  if (connecting->error != 0 && upstream_ == &attempt) attempt.fail_connect(connecting->error);
}

void Relay::give_up(Reason reason, const std::string& detail) {
  if (client_ != nullptr) client_->finish(reason, detail);
}

void Relay::on_connected(RelayLeg& leg) {
  connected_ = true;
  targets_->connected(*target_, worker_.time() - leg.facts().opened);
  // What the client sent before was left in the kernel, and its edge has been.
  pump(*client_, leg);
}

void Relay::on_attempt_failed(RelayLeg& leg) {
  // Given up because the session ended, the attempt says nothing of the upstream.
  if (client_ == nullptr || !client_->is_open()) return;
  const CloseFacts& close = leg.facts().close;
  targets_->failed(*target_, *close.reason);
  if (attempts_left_ > 0) {
    try_next();
  } else {
    give_up(*close.reason, *target_->name + " at " + leg.facts().remote.text() + ": " + close.detail);
  }
}

void Relay::on_ready(RelayLeg& leg) {
  if (!connected_) {
    leg.end_if_reset();  // its bytes stay in the kernel until somebody takes them
    return;
  }
  RelayLeg* const peer = other(leg);
  if (peer == nullptr) return;
  pump(leg, *peer);
  // Behind a FIN there is nothing more to read, so that an RST would go unseen until the other side speaks.
  if (leg.eof() && leg.is_open()) leg.end_if_reset();
  if (const RelayLeg* const still = other(leg); still != nullptr && still->queued() > 0 && leg.is_open())
    leg.note_reset();
  // The leg may have room again for what the peer holds back.
  if (RelayLeg* const still = other(leg); still != nullptr && leg.is_open() && leg.queued() == 0)
    pump(*still, leg);
}

void Relay::pump(RelayLeg& from, RelayLeg& to) {
  std::size_t budget = Worker::kTurnBytes;
  while (from.is_open() && to.is_open() && to.queued() == 0 && from.readable() && !from.eof()) {
    if (budget < Worker::kBufferBytes) {
      from.another_turn();
      return;
    }
    const RelayLeg::Read read = from.receive();
    if (read.status == RelayLeg::Read::Status::ended) return;
    if (read.status != RelayLeg::Read::Status::data) break;
    to.send(read.bytes);
    budget -= read.bytes.size();
  }
  if (from.eof() && to.is_open() && !std::exchange(from.passed_fin_, true)) pass_fin(from, to);
}

void Relay::pass_fin(RelayLeg& from, RelayLeg& to) {
  from.note_reason(Reason::peer_fin);
  to.note_reason(Reason::peer_fin);
  if (options_->half_close) {
    to.finish_sending();
    from.close_if_both_done();
  } else {
    to.finish(Reason::peer_fin);
    from.finish(Reason::peer_fin);
  }
}

void Relay::on_idle() { end(Reason::idle_timeout, true); }

void Relay::end(Reason reason, bool graceful) {
  const auto self = shared_from_this();
  for (RelayLeg* const* leg : {&client_, &upstream_}) {
    if (*leg == nullptr) continue;
    if (graceful) {
      (*leg)->finish(reason);
    } else {
      (*leg)->abort(reason);
    }
  }
}

void Relay::on_gone(RelayLeg& leg) {
  const auto self = shared_from_this();
  RelayLeg* const peer = other(leg);
  const bool is_upstream = &leg == upstream_;
  (is_upstream ? upstream_ : client_) = nullptr;
  if (is_upstream && !connected_) {
    on_attempt_failed(leg);
    return;
  }
  if (is_upstream) targets_->ended(*target_);
  if (peer == nullptr) return;
  const CloseFacts& close = leg.facts().close;
  if (!connected_) {
    peer->finish(*close.reason, close.detail);  // the client left while its upstream was being connected
  } else if (close.how == How::fin && leg.passed_fin_ && peer->stage() != Connection::Stage::open) {
    return;  // both directions are done; the peer ends by itself
  } else if (leg.facts().timeline.has(TimelineEvent::rst_received) || close.how != How::fin) {
    peer->abort_when_delivered(*close.reason,
                               close.detail.empty() ? std::string{} : "the other leg: " + close.detail);
  } else if (!leg.passed_fin_) {
    peer->finish(*close.reason, close.detail);
  }
}

RelayLeg::RelayLeg(std::shared_ptr<Relay> relay, Direction direction, Stage stage, Fd fd,
                   const Address& remote)
    : Connection{relay->worker_, relay->owner_, direction, stage, std::move(fd), remote},
      relay_{std::move(relay)} {}

void RelayLeg::on_open() {
  if (facts().direction == Direction::outbound) relay_->on_connected(*this);
}

void RelayLeg::on_ready() { relay_->on_ready(*this); }
void RelayLeg::on_idle() { relay_->on_idle(); }
void RelayLeg::on_gone() { relay_->on_gone(*this); }

void RelayLeg::end(Reason reason, bool graceful) { relay_->end(reason, graceful); }

Phase RelayLeg::phase() const { return relay_->connected_ ? Phase::data : Phase::connect; }

}  // namespace tcpctl
