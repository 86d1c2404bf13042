// SPDX-License-Identifier: Apache-2.0
#include "endpoints/acceptor.hpp"

#include <algorithm>
#include <cerrno>
#include <ranges>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/log.hpp"
#include "connections/party_event.hpp"
#include "endpoints/hub.hpp"
#include "tcp/info.hpp"

namespace tcpctl {
namespace {

constexpr std::size_t kAcceptsPerTurn = 64;
constexpr Duration kShortagePause = std::chrono::milliseconds{100};
constexpr unsigned kShortagesBeforeTurningAway = 10;
constexpr int kLastHandshakeMs = 1;  // nobody else is served meanwhile, so no longer than it takes
constexpr unsigned kLastTurns = 20;
constexpr Duration kLimitForgotten = std::chrono::seconds{10};
constexpr Duration kFullPause = std::chrono::milliseconds{20};  // `on_limit = "wait"` looks again after this

std::string_view key_of(Refusal limit, bool is_own) {
  switch (limit) {
    case Refusal::limit:
      return is_own ? "max_connections" : "daemon.max_connections";
    case Refusal::source_limit:
      return "max_connections_per_source";
    case Refusal::rate:
      return "accept_rate";
    case Refusal::acl:
      return "allow, deny";
    case Refusal::files:
      return "no files or memory left";
  }
  return {};
}

Fd open_spare() { return Fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)}; }

}  // namespace

/// The connections of one turn, handed over with one task a worker.
class Acceptor::Batch {
 public:
  Batch(const Crew& crew, std::size_t here)
      : crew_{crew}, here_{*crew.members[here].hub}, parts_(crew.members.size()) {
    for (const auto& member : crew.members) loads_.push_back(member.load->read());
  }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;
  ~Batch() {
    for (std::size_t i = 0; i < parts_.size(); ++i) hand_over(i);
  }

  void add(Accepted accepted) {
    const auto least = std::ranges::min_element(loads_);
    ++*least;
    const auto worker = static_cast<std::size_t>(least - loads_.begin());
    accepted.place.taken_by(worker);
    here_.note_handed(accepted.plan->sockets());  // at once: other acceptors look at it, too
    parts_[worker].push_back(std::move(accepted));
  }

 private:
  void hand_over(std::size_t i) {
    if (parts_[i].empty()) return;
    const Crew::Member& member = crew_.members[i];
    const auto part = std::make_shared<std::vector<Accepted>>(std::move(parts_[i]));
    const auto serve = [hub = member.hub, part] {
      for (auto& accepted : *part) hub->serve(std::move(accepted));
    };
    if (member.loop->is_here()) {
      serve();
    } else {
      member.loop->post(serve);
    }
  }

  const Crew& crew_;
  Hub& here_;
  std::vector<std::uint64_t> loads_;
  std::vector<std::vector<Accepted>> parts_;
};

Acceptor::Acceptor(Worker& worker, const Crew& crew, std::shared_ptr<const ListenerPlan> plan)
    : worker_{worker},
      crew_{crew},
      plan_{std::move(plan)},
      admission_{crew.members.size()},
      refused_{worker},
      spare_{open_spare()} {
  admission_.set(plan_->config);
}

Acceptor::~Acceptor() = default;

void Acceptor::set(std::shared_ptr<const ListenerPlan> plan, const std::vector<BoundSocketPtr>& sockets) {
  plan_ = std::move(plan);
  admission_.set(plan_->config);
  std::erase_if(doors_, [&](const std::unique_ptr<Door>& door) {
    if (std::ranges::find(sockets, door->socket) != sockets.end()) return false;
    drain(*door);
    return true;
  });
  for (const auto& socket : sockets) {
    if (std::ranges::any_of(doors_, [&](const auto& door) { return door->socket == socket; })) continue;
    if (!worker_.keeps_records()) tcp::forget_syns(socket->fd.get());
    auto door = std::make_unique<Door>(Door{this, socket, nullptr});
    door->event.reset(event_new(worker_.loop().base(), socket->fd.get(), EV_READ | EV_PERSIST,
                                &Acceptor::on_connections, door.get()));
    doors_.push_back(std::move(door));
  }
  enable(!paused_ && !is_set());
}

void Acceptor::pause() {
  paused_ = true;
  enable(false);
}

void Acceptor::resume() {
  paused_ = false;
  enable(!is_set());
}

void Acceptor::close() {
  for (auto& door : doors_) drain(*door);
  doors_.clear();
}

void Acceptor::leave() {
  decide_newcomer();
  doors_.clear();
}

void Acceptor::drain(Door& door) {
  if (door.socket->is_passed()) {
    door.event.reset();
    return;
  }
  // No new ones get in any more; those that are in are served, those too whom a limit lets wait.
  const int fd = door.socket->fd.get();
  last_call_ = true;
  decide_newcomer();
  if (door.socket->bound.is_unix()) {
    ::listen(fd, 0);
  } else {
    tcp::take_only(tcp::Taken::handshakes_under_way, fd);
    await_handshakes(door);
    tcp::take_only(tcp::Taken::nothing, fd);
  }
  accept_some(door, SIZE_MAX);
  last_call_ = false;
  door.event.reset();
}

void Acceptor::await_handshakes(const Door& door) {
  // The peer's last ACK is on its way, on this host in another processor: nothing tells how many there are.
  pollfd waiting{door.socket->fd.get(), POLLIN, 0};
  for (unsigned i = 0; i < kLastTurns; ++i) {
    accept_some(door, SIZE_MAX);
    if (::poll(&waiting, 1, kLastHandshakeMs) <= 0) return;
  }
}

void Acceptor::enable(bool on) {
  for (auto& door : doors_) {
    if (!door->event) continue;
    if (on) {
      event_add(door->event.get(), nullptr);
    } else {
      event_del(door->event.get());
    }
  }
}

void Acceptor::on_connections(evutil_socket_t /*fd*/, short /*what*/, void* door) {
  auto& self = *static_cast<Door*>(door);
  self.acceptor->worker_.tick();
  self.acceptor->accept_some(self, kAcceptsPerTurn);
}

void Acceptor::accept_some(const Door& door, std::size_t most) {
  accept_batch(door, most);
  crew_.members[worker_.index()].hub->watch_overload();  // now that they are counted
}

void Acceptor::accept_batch(const Door& door, std::size_t most) {
  Batch batch{crew_, worker_.index()};
  for (std::size_t i = 0; i < most; ++i) {
    if (newcomer_ || must_wait(door)) break;
    const Outcome outcome = accept_one(door, batch);
    if (outcome == Outcome::none) break;
    if (outcome == Outcome::shortage) {
      on_shortage(door);
      break;
    }
    shortages_in_a_row_ = 0;
  }
}

// Only for who would be let in otherwise: else anybody could have the others cut by just knocking.
bool Acceptor::others_may_give_way(const Address& remote) {
  if (last_call_ || !is_at_own_limit() || stats().sum(&PartyShare::parting) == 0) return false;
  if (admission_.rate_opens_at(worker_.time())) return false;
  if (plan_->expects_header_of(remote)) return true;
  if (!plan_->allows(remote)) return false;
  auto place = admission_.place(remote);
  if (place) place->taken_by(worker_.index());
  return place.has_value();
}

void Acceptor::let_others_give_way(const Door& door, Fd fd, const Address& remote) {
  note_limit(Refusal::limit);
  newcomer_ = Newcomer{std::move(fd), remote};
  call_for_room(door, 1);
  hold_back(kFullPause);
}

void Acceptor::call_for_room(const Door& door, std::size_t at_hand) {
  if (stats().sum(&PartyShare::parting) == 0) return;
  const auto info = tcp::read_info(door.socket->fd.get());
  const std::size_t in_queue = info ? info->unacked : 0;  // of a listening socket; a Unix one does not tell
  crew_.members[worker_.index()].hub->call_for_room(plan_->owner->stats,
                                                    std::min(at_hand + in_queue, kAcceptsPerTurn));
}

// Whoever did not give way by now does not.
void Acceptor::decide_newcomer() {
  if (!newcomer_) return;
  auto [fd, remote] = *std::exchange(newcomer_, std::nullopt);
  Batch batch{crew_, worker_.index()};
  admit(std::move(fd), remote, batch);
}

bool Acceptor::must_wait(const Door& door) {
  if (last_call_ || plan_->config->on_limit != "wait") return false;
  if (is_full()) {
    note_limit(Refusal::limit);
    if (is_at_own_limit()) call_for_room(door, 0);
    hold_back(kFullPause);
    return true;
  }
  const auto opens_at = admission_.rate_opens_at(worker_.time());
  if (opens_at) {
    note_limit(Refusal::rate);
    hold_back(*opens_at - worker_.time());
  }
  return opens_at.has_value();
}

Acceptor::Outcome Acceptor::accept_one(const Door& door, Batch& batch) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  Fd fd{::accept4(door.socket->fd.get(), reinterpret_cast<sockaddr*>(&storage), &length,
                  SOCK_NONBLOCK | SOCK_CLOEXEC)};
  if (fd) {
    if (last_call_) tcp::take_all_segments(fd.get());
    const auto remote = Address::from(storage, length);
    if (others_may_give_way(remote)) {
      let_others_give_way(door, std::move(fd), remote);
    } else {
      admit(std::move(fd), remote, batch);
    }
    return Outcome::one;
  }
  if (tcp::is_resource_shortage(errno)) return Outcome::shortage;
  // The others, such as ECONNABORTED, are errors of that one connection: accept(2).
  return errno == EAGAIN || errno == EWOULDBLOCK ? Outcome::none : Outcome::one;
}

void Acceptor::admit(Fd fd, const Address& remote, Batch& batch) {
  SourcePlace place;
  if (const auto refusal = refusal_of(remote, place)) {
    note_refused(*refusal, fd, remote);
    return;
  }
  admission_.count(worker_.time());
  stats().add_opened();
  batch.add({plan_, std::move(fd), remote, std::move(place)});
}

void Acceptor::note_limit(Refusal limit) {
  auto& met = limits_met_[static_cast<std::size_t>(limit)];
  const bool is_told = met && worker_.time() - *met < kLimitForgotten;
  met = worker_.time();
  if (is_told) return;
  Event* const event = add_event(worker_, EventKind::limit_reached, plan_->owner);
  if (event == nullptr) return;
  event->refusal = limit;
  event->detail = worker_.events().text(key_of(limit, is_at_own_limit()));
}

void Acceptor::note_refused(Refusal refusal, const Fd& fd, const Address& remote) {
  if (refusal != Refusal::acl) note_limit(refusal);
  stats().share(worker_.index()).refused.add(refusal);
  refused_.add(plan_->owner, refusal, fd, remote);
  if (log::enabled(log::Level::debug)) {
    log::debug("connection.refused", log::f("listener", plan_->owner->name), log::f("remote", remote.text()),
               log::f("reason", text(refusal)));
  }
}

bool Acceptor::is_at_own_limit() const {
  const auto& limit = plan_->config->max_connections;
  return limit && !lets_in_all() && plan_->owner->stats->active() >= *limit;
}

bool Acceptor::is_full() const {
  if (is_at_own_limit()) return true;
  return crew_.load() + plan_->sockets() > crew_.max_connections.read();
}

// The dearest comes last: a place in the table of sources is taken by who passed all else.
std::optional<Refusal> Acceptor::refusal_of(const Address& remote, SourcePlace& place) {
  // Whose it is behind a proxy is not known yet; the hub asks once its header is there.
  const bool is_known = !plan_->expects_header_of(remote);
  if (is_known && !plan_->allows(remote)) return Refusal::acl;
  if (is_full()) return Refusal::limit;
  if (!lets_in_all() && admission_.rate_opens_at(worker_.time())) return Refusal::rate;
  if (!is_known) return std::nullopt;
  auto taken = admission_.place(remote);
  if (!taken) return Refusal::source_limit;
  place = *std::move(taken);
  return std::nullopt;
}

void Acceptor::hold_back(Duration time) {
  enable(false);
  worker_.wheel().set(*this, worker_.time() + time);
}

void Acceptor::on_deadline() {
  worker_.tick();
  decide_newcomer();
  if (!paused_) enable(true);
}

void Acceptor::on_shortage(const Door& door) {
  const int error = errno;
  shortages_.add();
  note_limit(Refusal::files);
  if (shortages_in_a_row_++ == 0) {
    log::warn("listener.shortage", log::f("listener", plan_->owner->name), log::f("error", errno_text(error)),
              log::f("retry_ms", 100));
  }
  if (last_call_ || shortages_in_a_row_ > kShortagesBeforeTurningAway) turn_away(door);
  hold_back(kShortagePause);
}

void Acceptor::turn_away(const Door& door) {
  // Whoever waits in the queue believes to be served. The spare descriptor lets them in and out again.
  // Behind a door that closes there is no later.
  for (std::size_t i = 0; last_call_ || i < kAcceptsPerTurn; ++i) {
    spare_.reset();
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    const Fd fd{
        ::accept4(door.socket->fd.get(), reinterpret_cast<sockaddr*>(&storage), &length, SOCK_CLOEXEC)};
    if (!fd) break;
    note_refused(Refusal::files, fd, Address::from(storage, length));
  }
  spare_ = open_spare();
}

}  // namespace tcpctl
