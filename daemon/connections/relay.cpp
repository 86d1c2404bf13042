// SPDX-License-Identifier: Apache-2.0
#include "connections/relay.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "connections/carried.hpp"
#include "tcp/proxy_protocol.hpp"

namespace tcpctl {
namespace {

constexpr Duration kShortagePause = std::chrono::milliseconds{100};

// relay-limits of the design: where a pipe begins to pay, whatever the size of the read buffer.
constexpr std::size_t kLargeRead = 16 * 1024;
constexpr std::uint8_t kLargeReadsToSplice = 2;
constexpr std::uint8_t kThinReadsToCopy = 8;

}  // namespace

Relay::Relay(Worker& worker, std::shared_ptr<const RelayOptions> options,
             std::unique_ptr<TargetSource> targets)
    : worker_{worker},
      options_{std::move(options)},
      targets_{std::move(targets)},
      room_{worker.hold_room()},
      attempts_left_{options_->attempts},
      zero_copy_{options_->zero_copy} {}

Relay::~Relay() = default;

RelayPtr Relay::make(Worker& worker, std::shared_ptr<const RelayOptions> options,
                     std::unique_ptr<TargetSource> targets) {
  return RelayPtr{*new Relay{worker, std::move(options), std::move(targets)}};
}

RelayPtr::RelayPtr(Relay& relay) : relay_{&relay} { ++relay.holders_; }

RelayPtr::~RelayPtr() {
  if (relay_ != nullptr && --relay_->holders_ == 0) delete relay_;
}

void Relay::start(OwnerPtr owner, Fd fd, const Address& remote, Terms terms, std::optional<Facts> before) {
  auto leg = std::make_unique<RelayLeg>(*this, std::move(owner), Direction::inbound, Connection::Stage::open,
                                        std::move(fd), remote);
  client_ = leg.get();
  if (before) client_->go_on(*std::move(before));
  quota_ = Quota{worker_, *client_, std::move(terms)};
  worker_.adopt(std::move(leg));
  client_->start();
  if (client_ != nullptr) try_next();
}

bool Relay::is_portable() const {
  return connected_ && client_ != nullptr && upstream_ != nullptr && client_->is_standing() &&
         upstream_->is_standing();
}

std::unique_ptr<CarriedSession> Relay::carry() {
  const RelayPtr self{*this};
  if (is_portable()) set_zero_copy(false);  // a pipe stays with its process
  if (!is_portable()) return nullptr;       // the writing may have shown that one is gone
  const Owner& owner = *client_->facts().owner;
  auto session = std::make_unique<CarriedSession>();
  session->owner = owner.name;
  session->service = owner.service;
  session->leg = std::exchange(client_, nullptr)->pack();
  session->upstream = std::exchange(upstream_, nullptr)->pack();
  return session;
}

RelayLeg& Relay::take_up(const OwnerPtr& owner, Direction direction, CarriedLeg leg) {
  const Address remote = leg.facts.remote;
  auto made =
      std::make_unique<RelayLeg>(*this, owner, direction, Connection::Stage::open, std::move(leg.fd), remote);
  RelayLeg& taken = *made;
  taken.unpack(std::move(leg));
  worker_.adopt(std::move(made));
  return taken;
}

void Relay::resume(const OwnerPtr& owner, CarriedSession session, Terms terms) {
  const RelayPtr self{*this};
  client_ = &take_up(owner, Direction::inbound, std::move(session.leg));
  upstream_ = &take_up(owner, Direction::outbound, *std::move(session.upstream));
  client_->note_peer(upstream_->facts().id);
  upstream_->note_peer(client_->facts().id);
  upstream_->note_traffic(targets_->resumed());
  quota_ = Quota{worker_, *client_, std::move(terms)};
  connected_ = answered_ = true;
  attempts_left_ = 0;
  room_.reset();
  client_->restart();
  if (upstream_ != nullptr) upstream_->restart();
}

void Relay::try_next() {
  --attempts_left_;
  answered_ = false;
  targets_->next(client_->facts().source(), [this](Result<Target> target) {
    if (client_ == nullptr || !client_->is_open()) return;
    answered_ = true;
    if (!target) {
      const bool waited = target.error().code == Errc::timed_out;
      give_up(waited ? Reason::queue_timeout : Reason::upstream_down, target.error().what);
      return;
    }
    queued_ = false;
    target_ = std::make_unique<Target>(*std::move(target));
    connect();
  });
  queued_ = !answered_;
}

void Relay::connect() {
  worker_.tick();  // the look-up of a name may have taken its time
  const Target& target = *target_;
  if (target.addresses && target.addresses->size() > 1) {
    race_ = std::make_unique<Race>(
        worker_, target.addresses, target.turn, options_->connect_timeout,
        [this](const Address& address, Duration timeout) { return attempt(address, timeout); },
        [this](const Race::Failure& failure) {
          race_.reset();
          on_target_failed(failure);
        });
    race_->start();
  } else if (const auto failure = attempt(target.address, options_->connect_timeout)) {
    on_target_failed(*failure);
  }
}

std::optional<Race::Failure> Relay::attempt(const Address& address, Duration timeout) {
  auto connecting = tcp::connect_to(address, options_->outbound);
  if (!connecting) {
    const bool is_shortage = connecting.error().code == Errc::unavailable;
    return Race::Failure{is_shortage ? Reason::resource : Reason::connect_unreachable,
                         connecting.error().what, address, is_shortage};
  }
  auto leg = std::make_unique<RelayLeg>(*this, client_->facts().owner, Direction::outbound,
                                        Connection::Stage::connecting, std::move(connecting->fd), address);
  RelayLeg& begun = *leg;
  if (race_) {
    race_->enter(begun);
  } else {
    upstream_ = &begun;
  }
  begun.note_upstream(target_->name);
  begun.note_peer(client_->facts().id);
  client_->note_peer(begun.facts().id);
  worker_.adopt(std::move(leg));
  room_.reset();
  begun.connect_within(timeout);
  begun.start();
  // It may be over already, and another one begun.
  if (connecting->error != 0 && begun.stage() == Connection::Stage::connecting)
    begun.fail_connect(connecting->error);
  return std::nullopt;
}

// The client was accepted, so it is not sent away for a shortage that may pass. What it sends stays in the
// kernel.
bool Relay::waits_for_files() {
  if (target_->short_since == Instant{}) target_->short_since = worker_.time();
  if (worker_.time() - target_->short_since >= options_->connect_timeout) return false;
  worker_.wake(client_->facts().id, worker_.time() + kShortagePause);
  return true;
}

void Relay::retry() {
  if (upstream_ == nullptr && !race_ && client_ != nullptr && client_->is_open()) connect();
}

void Relay::give_up(Reason reason, const std::string& detail) {
  room_.reset();
  if (client_ != nullptr) client_->finish(reason, detail);
}

void Relay::on_connected(RelayLeg& leg) {
  if (race_) {
    upstream_ = &leg;
    client_->note_peer(leg.facts().id);
    race_->won(leg);
    race_.reset();
  }
  connected_ = true;
  worker_.settle_later(leg.facts().id);
  target_ = nullptr;
  leg.note_traffic(targets_->connected(worker_.time() - leg.facts().opened));
  if (options_->send_proxy != SendProxy::off) send_proxy_header(leg);
  // What the client sent before was left in the kernel, and its edge has been.
  if (client_ != nullptr) pump(*client_, leg);
  if (options_->send_proxy != SendProxy::off) leg.push();
}

void Relay::send_proxy_header(RelayLeg& leg) {
  const Facts& client = client_->facts();
  const std::string header =
      options_->send_proxy == SendProxy::v1
          ? tcp::proxy_header_v1(client.source(), client_->destination())
          : tcp::proxy_header_v2(client.source(), client_->destination(), id_text(client.id));
  leg.send(as_bytes(header), client_->readable());
}

void Relay::on_attempt_failed(const RelayLeg& leg) {
  if (race_) {
    race_->failed(leg);
    return;
  }
  const CloseFacts& close = leg.facts().close;
  on_target_failed({*close.reason, std::string{close.detail.get()}, leg.facts().remote});
}

void Relay::on_target_failed(const Race::Failure& failure) {
  // Given up because the session ended, the attempt says nothing of the upstream.
  if (client_ == nullptr || !client_->is_open()) return;
  if (!room_) room_ = worker_.hold_room();
  if (failure.is_shortage && waits_for_files()) return;
  targets_->failed(failure.reason);
  if (!failure.is_shortage && attempts_left_ > 0) {
    try_next();
  } else {
    give_up(failure.reason, *target_->name + " at " + failure.address.text() + ": " + failure.detail);
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
  if (const RelayLeg* const still = other(leg); still != nullptr && still->held() > 0 && leg.is_open())
    leg.note_reset();
  // The leg may have room again for what the peer holds back.
  if (RelayLeg* const still = other(leg); still != nullptr && leg.is_open() && leg.queued() == 0)
    pump(*still, leg);
}

void Relay::pump(RelayLeg& from, RelayLeg& to) {
  std::size_t moved = 0;
  for (;;) {
    drain_pipe(from, to);
    if (!from.is_open() || !to.is_open() || to.held() > 0 || !from.readable() || from.eof()) break;
    if (moved >= Worker::kTurnBytes) {
      from.another_turn();
      return;
    }
    Throttle* const throttle = throttle_of(from);
    const std::size_t most = throttle == nullptr ? SIZE_MAX : throttle->allowance();
    if (most == 0) return;
    const std::size_t bytes = from.flow_.spliced ? splice(from, to, most) : copy(from, to, most);
    if (bytes == 0) break;
    moved += bytes;
    if (throttle_of(from) != nullptr) throttle->take(bytes);
  }
  if (from.eof() && to.is_open() && !std::exchange(from.flow_.passed_fin, true)) pass_fin(from, to);
}

// The client's leg has the limits of both directions.
Throttle* Relay::throttle_of(const RelayLeg& from) const {
  Throttles* const throttles = quota_.throttles();
  if (throttles == nullptr) return nullptr;
  return &from == client_ ? &throttles->in() : &throttles->out();
}

std::size_t Relay::copy(RelayLeg& from, RelayLeg& to, std::size_t most) {
  Flow& flow = from.flow_;
  const RelayLeg::Read read = from.receive(most);
  if (read.status != RelayLeg::Read::Status::data) return 0;
  const std::size_t bytes = read.bytes.size();
  flow.large_reads = bytes < kLargeRead ? std::uint8_t{0} : static_cast<std::uint8_t>(flow.large_reads + 1);
  if (flow.large_reads >= kLargeReadsToSplice) {
    flow.large_reads = 0;
    flow.thin_reads = 0;
    flow.spliced = zero_copy_;
  }
  to.send(read.bytes);
  return bytes;
}

std::size_t Relay::splice(RelayLeg& from, RelayLeg& to, std::size_t most) {
  Flow& flow = from.flow_;
  flow.pipe = worker_.pipes().take(worker_.time());
  if (!flow.pipe) {
    flow.spliced = false;
    return copy(from, to, most);
  }
  const RelayLeg::Moved moved = from.splice_into(*flow.pipe, most);
  if (moved.status != RelayLeg::Read::Status::data) {
    if (flow.pipe) worker_.pipes().give_back(std::move(flow.pipe));
    return 0;
  }
  flow.in_pipe = static_cast<std::uint32_t>(moved.bytes);
  flow.thin_reads =
      moved.bytes < kLargeRead ? static_cast<std::uint8_t>(flow.thin_reads + 1) : std::uint8_t{0};
  if (flow.thin_reads >= kThinReadsToCopy) flow.spliced = false;
  return moved.bytes;
}

void Relay::drain_pipe(RelayLeg& from, RelayLeg& to) {
  Flow& flow = from.flow_;
  while (flow.in_pipe > 0 && to.is_open()) {
    const std::size_t sent = to.splice_from(*flow.pipe, flow.in_pipe);
    if (sent == 0) return;
    flow.in_pipe -= static_cast<std::uint32_t>(sent);
    if (flow.in_pipe == 0) worker_.pipes().give_back(std::move(flow.pipe));
  }
}

// Bytes have one order of owners: pipe, queue, socket. So what is in the pipe goes behind nothing.
void Relay::leave_pipe(RelayLeg& from, RelayLeg& to) {
  Flow& flow = from.flow_;
  while (flow.in_pipe > 0) {
    const auto space = worker_.buffer();
    const ssize_t got = ::read(flow.pipe->read.get(), space.data(), space.size());
    if (got <= 0) break;
    flow.in_pipe -= static_cast<std::uint32_t>(got);
    if (flow.in_pipe == 0) worker_.pipes().give_back(std::move(flow.pipe));
    to.send({space.data(), static_cast<std::size_t>(got)});
  }
  flow.spliced = false;
}

void Relay::drop_pipe(Flow& flow) {
  flow.in_pipe = 0;
  if (flow.pipe) worker_.pipes().forget(std::move(flow.pipe));
}

void Relay::set_zero_copy(bool on) {
  zero_copy_ = on;
  if (on || client_ == nullptr || upstream_ == nullptr) return;
  leave_pipe(*client_, *upstream_);
  if (client_ != nullptr && upstream_ != nullptr) leave_pipe(*upstream_, *client_);
}

void Relay::pass_fin(RelayLeg& from, RelayLeg& to) {
  from.note_reason(Reason::peer_fin);
  to.note_reason(Reason::peer_fin);
  if (options_->half_close) {
    to.finish_sending();
    from.close_if_both_done();
  } else {
    set_zero_copy(false);  // what is on its way back counts as sent
    to.finish(Reason::peer_fin);
    from.finish(Reason::peer_fin);
  }
}

void Relay::end(Reason reason, bool graceful, std::string_view detail) {
  const RelayPtr self{*this};
  room_.reset();
  if (connected_) set_zero_copy(false);  // the legs part, and each must have what is still to go out
  if (race_) race_->cut(reason, detail);
  for (RelayLeg* const* leg : {&client_, &upstream_}) {
    if (*leg == nullptr) continue;
    if (graceful) {
      (*leg)->finish(reason, detail);
    } else {
      (*leg)->abort(reason);
    }
  }
  if (!connected_) targets_->leave();  // others may be waiting for its place
}

void Relay::on_gone(RelayLeg& leg) {
  const RelayPtr self{*this};
  RelayLeg* const peer = other(leg);
  const bool is_upstream = &leg != client_;
  if (is_upstream && !connected_) {
    if (!race_) upstream_ = nullptr;
    on_attempt_failed(leg);
    return;
  }
  (is_upstream ? upstream_ : client_) = nullptr;
  room_.reset();
  if (!is_upstream) quota_ = {};
  if (is_upstream) targets_->ended(leg.facts());
  const CloseFacts& close = leg.facts().close;
  if (race_) race_->cut(*close.reason, close.detail.get());
  if (peer == nullptr) {
    drop_pipe(leg.flow_);
    return;
  }
  drop_pipe(peer->flow_);
  leave_pipe(leg, *peer);
  if (!connected_) {
    peer->finish(*close.reason,
                 close.detail.get());  // the client left while its upstream was being connected
  } else if (leg.was_cut(peer->is_open())) {
    peer->abort_when_delivered(*close.reason, close.detail.empty()
                                                  ? std::string{}
                                                  : fmt::format("the other leg: {}", close.detail.get()));
  } else {
    peer->finish(*close.reason, close.detail.get());
  }
}

RelayLeg::RelayLeg(Relay& relay, OwnerPtr owner, Direction direction, Stage stage, Fd fd,
                   const Address& remote)
    : Connection{relay.worker_, std::move(owner), direction, stage, std::move(fd), remote}, relay_{relay} {}

void RelayLeg::on_open() {
  if (facts().direction == Direction::outbound) relay_->on_connected(*this);
}

std::size_t RelayLeg::held() const {
  const RelayLeg* const from = relay_->other(*this);
  return queued() + (from == nullptr ? 0 : from->flow_.in_pipe);
}

bool RelayLeg::was_cut(bool other_is_open) const {
  const auto& [timeline, how] = std::tie(facts().timeline, facts().close.how);
  if (timeline.has(TimelineEvent::rst_received) || how != How::fin) return true;
  return other_is_open && !(eof() && fin_sent());
}

std::unique_ptr<CarriedSession> RelayLeg::carry() {
  return facts().direction == Direction::inbound ? relay_->carry() : nullptr;
}

void RelayLeg::on_ready() { relay_->on_ready(*this); }
void RelayLeg::on_overdue(Reason reason, std::string_view detail) { relay_->end(reason, true, detail); }

// A side that waits for the other to take what it sent is not idle.
Instant RelayLeg::last_active() const {
  const RelayLeg* const peer = relay_->other(*this);
  return std::max(facts().last_active, peer == nullptr ? Instant{} : peer->facts().last_active);
}

void RelayLeg::on_gone() { relay_->on_gone(*this); }

void RelayLeg::end(Reason reason, bool graceful) { relay_->end(reason, graceful); }

Phase RelayLeg::phase() const {
  if (relay_->connected_) return Phase::data;
  return relay_->queued_ ? Phase::queue : Phase::connect;
}

}  // namespace tcpctl
