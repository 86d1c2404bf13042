// SPDX-License-Identifier: Apache-2.0
#include "connections/connection.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>

#include "connections/carried.hpp"
#include "tcp/socket.hpp"

namespace tcpctl {

Connection::Connection(Worker& worker, OwnerPtr owner, Direction direction, Stage stage, Fd fd,
                       const Address& remote)
    : worker_{worker}, fd_{std::move(fd)}, stage_{stage} {
  facts_.id = worker.next_id();
  facts_.direction = direction;
  facts_.owner = std::move(owner);
  silent_ = !is_recorded();
  facts_.remote = remote;
  facts_.opened = facts_.last_active = worker.time();
  facts_.opened_wall = worker.wall_at(facts_.opened);
  traffic_ = share();
}

Connection::~Connection() = default;

void Connection::start() {
  const bool is_tcp = !facts_.remote.is_unix();
  if (stage_ == Stage::connecting) {
    if (is_tcp) facts_.timeline.seen(TimelineEvent::syn_sent, worker_.time());
    tell(EventKind::opened);
  } else if (!facts_.timeline.has(TimelineEvent::accepted)) {
    if (is_tcp) {
      facts_.timeline.inferred(TimelineEvent::syn_received);
      facts_.timeline.inferred(TimelineEvent::established);
      if (worker_.keeps_records()) note_handshake();
    }
    facts_.timeline.seen(TimelineEvent::accepted, worker_.time());
    tell(EventKind::opened);
    tell(EventKind::established);
  }
  unlogged_ = worker_.access().is_at_start() && is_recorded();
  // Whose connection it is, a header says first.
  if (unlogged_ && phase() != Phase::proxy_header) log_access_start();
  if (!add_event()) {
    abort(Reason::resource, "no memory for an event");
    return;
  }
  if (stage_ == Stage::open) {
    watch_time();
    on_open();
  }
}

void Connection::note_handshake() {
  facts_.syn = tcp::take_saved_syn(fd_.get());
  if (const auto info = tcp::read_info(fd_.get())) facts_.handshake_rtt_us = info->rtt_us;
}

bool Connection::add_event() {
  event_.reset(event_new(worker_.loop().base(), fd_.get(),
                         EV_READ | EV_WRITE | EV_CLOSED | EV_ET | EV_PERSIST, &Connection::on_event, this));
  if (!event_ || event_add(event_.get(), nullptr) != 0) return false;
  worker_.park_later(facts_.id);
  return true;
}

void Connection::park_if_idle() {
  if (!event_) return;
  const bool is_silent = worker_.time() - facts_.last_active >= Worker::kSilence;
  if (!is_silent || !park()) worker_.park_later(facts_.id);
}

bool Connection::park() {
  const bool waits_for_peer_alone = stage_ == Stage::open && !readable_ && !hangup_ && !eof_ &&
                                    !fin_wanted_ && held() == 0 && reset_error_ == 0 && !turn_wanted_;
  if (!event_ || !waits_for_peer_alone) return false;
  event_.reset();
  if (worker_.parking().enter(fd_.get(), facts_.id)) return true;
  attend();
  return false;
}

void Connection::attend() {
  if (event_ || stage_ == Stage::gone) return;
  worker_.parking().leave(fd_.get());
  if (!add_event()) abort(Reason::resource, "no memory for an event");
}

tcp::State Connection::state() const {
  if (facts_.remote.is_unix()) return stage_ == Stage::gone ? tcp::State::closed : tcp::State::established;
  return tcp::read_state(fd_.get());
}

tcp::State Connection::seen_state() const {
  const bool stands = stage_ == Stage::open && !hangup_ && !eof_ && !fin_sent_ && reset_error_ == 0;
  return stands ? tcp::State::established : state();
}

Address Connection::local() const { return tcp::local_address(fd_.get()); }

std::optional<TcpRow> Connection::tcp() const {
  const auto info = tcp::read_info(fd_.get());
  if (!info) return std::nullopt;
  return to_row(*info, "live", {});
}

ConnectionRow Connection::row() const {
  ConnectionRow row = to_row(facts_, now());
  row.local = tcp::local_address(fd_.get());
  row.state = tcp::text(state());
  if (const auto info = tcp::read_info(fd_.get())) {
    row.state = tcp::text(info->state);
    row.tcp = to_row(*info, "live", tcp::read_congestion(fd_.get()));
  }
  return row;
}

void Connection::on_event(evutil_socket_t /*fd*/, short what, void* self) {
  auto& connection = *static_cast<Connection*>(self);
  connection.worker_.tick();
  if ((what & (EV_READ | EV_CLOSED)) != 0) connection.readable_ = true;
  if ((what & EV_WRITE) != 0) connection.writable_ = true;
  // An RST makes libevent say READ and WRITE alone.
  connection.unbroken_ = (what & EV_CLOSED) != 0;
  if (connection.unbroken_ && connection.stage_ != Stage::connecting) connection.hangup_ = true;
  connection.handle();
  if (connection.unbroken_) connection.note_hangup();
  connection.unbroken_ = false;
}

void Connection::on_turn() {
  turn_wanted_ = false;
  handle();
}

void Connection::handle() {
  switch (stage_) {
    case Stage::connecting:
      connected();
      return;
    case Stage::open:
      if (fin_sent_ && !facts_.timeline.has(TimelineEvent::fin_acked)) note_ack(state());
      if (flush()) on_ready();
      return;
    case Stage::closing:
      step_closing();
      return;
    case Stage::resetting:
      step_resetting();
      return;
    case Stage::gone:
      return;
  }
}

void Connection::connect_within(Duration timeout) { worker_.wheel().set(*this, worker_.time() + timeout); }

void Connection::connected() {
  const auto info = tcp::read_info(fd_.get());
  if (!info || info->state == tcp::State::closed) {
    if (const int error = tcp::take_error(fd_.get()); error != 0) {
      fail_connect(error);
      return;
    }
  }
  // The first edge may only say that the socket is there: an unconnected one is writable and hung up.
  if (info && info->state == tcp::State::syn_sent) return;
  if (!facts_.remote.is_unix() && tcp::local_address(fd_.get()) == facts_.remote) {
    fail_connect_to_itself();
    return;
  }
  facts_.timeline.seen(TimelineEvent::established, worker_.time());
  tell(EventKind::established);
  touch();
  if (info) facts_.handshake_rtt_us = info->rtt_us;
  stage_ = Stage::open;
  Wheel::cancel(*this);
  watch_time();
  on_open();
  if (stage_ == Stage::open && flush()) on_ready();
}

Connection::Read Connection::receive(std::size_t most) {
  const auto space = worker_.buffer().first(std::min(most, worker_.buffer().size()));
  const ssize_t got = ::recv(fd_.get(), space.data(), space.size(), 0);
  if (got > 0) {
    const auto bytes = static_cast<std::size_t>(got);
    // A short read emptied the queue, and the next byte makes an edge; not so once the peer's FIN is there.
    if (bytes < space.size() && !hangup_) {
      readable_ = false;
      doubt_silence();
    }
    count_in(bytes);
    return {Read::Status::data, ByteView{space.data(), bytes}};
  }
  return {nothing_read(got), {}};
}

Connection::Read::Status Connection::nothing_read(ssize_t got) {
  if (got == 0 && reset_error_ != 0) {
    fail_io(reset_error_);
    return Read::Status::ended;
  }
  if (got == 0) {
    readable_ = false;
    const bool is_news = !eof_;
    eof_ = true;
    facts_.timeline.seen(TimelineEvent::fin_received, worker_.time());
    note_first(First::remote, How::fin);
    if (is_news && stage_ == Stage::open) watch_time();
    return Read::Status::eof;
  }
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
    readable_ = errno == EINTR;
    return Read::Status::nothing;
  }
  fail_io(errno);
  return Read::Status::ended;
}

Connection::Read Connection::peek(std::size_t most) {
  const auto space = worker_.buffer();
  const ssize_t got = ::recv(fd_.get(), space.data(), std::min(most, space.size()), MSG_PEEK);
  if (got > 0) return {Read::Status::data, ByteView{space.data(), static_cast<std::size_t>(got)}};
  return {nothing_read(got), {}};
}

bool Connection::skip(std::size_t bytes) {
  while (bytes > 0) {
    const auto space = worker_.buffer();
    const ssize_t got = ::recv(fd_.get(), space.data(), std::min(bytes, space.size()), 0);
    if (got > 0) {
      bytes -= static_cast<std::size_t>(got);
    } else if (got == 0 || errno != EINTR) {
      fail_io(got == 0 ? ECONNRESET : errno);
      return false;
    }
  }
  touch();
  return true;
}

Address Connection::destination() const {
  return facts_.has_proxied_ends() ? facts_.proxied->destination : tcp::local_address(fd_.get());
}

Connection::HandedOver Connection::hand_over() {
  if (!event_) worker_.parking().leave(fd_.get());
  Wheel::cancel(*this);
  event_.reset();
  stage_ = Stage::gone;
  return {std::move(fd_), facts_};
}

std::unique_ptr<CarriedSession> Connection::carry() { return nullptr; }

bool Connection::is_standing() const {
  return stage_ == Stage::open && !eof_ && !fin_wanted_ && reset_error_ == 0 && !facts_.close.first &&
         !facts_.close.reason && is_recorded();
}

CarriedLeg Connection::pack() {
  CarriedLeg leg;
  if (queued() > 0) leg.queued = queue_->bytes.substr(queue_->sent);
  auto [fd, facts] = hand_over();
  leg.fd = std::move(fd);
  leg.facts = std::move(facts);
  queue_.reset();
  worker_.retire(*this);
  return leg;
}

void Connection::unpack(CarriedLeg leg) {
  const ConnectionId own = facts_.id;
  OwnerPtr owner = std::move(facts_.owner);
  facts_ = std::move(leg.facts);
  facts_.owner = std::move(owner);
  if (worker_of(facts_.id) != worker_.index()) facts_.id = own;
  if (!leg.queued.empty()) queue_ = std::make_unique<Queue>(Queue{std::move(leg.queued)});
}

// Its registration makes an edge for whatever is there to be read, or room to write.
void Connection::restart() {
  if (!add_event()) {
    abort(Reason::resource, "no memory for an event");
    return;
  }
  watch_time();
}

Connection::Moved Connection::splice_into(const Pipe& pipe, std::size_t most) {
  const ssize_t got = ::splice(fd_.get(), nullptr, pipe.write.get(), nullptr,
                               std::min(most, PipePool::kPipeBytes), SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  if (got <= 0) return {nothing_read(got), 0};
  count_in(static_cast<std::size_t>(got));
  return {Read::Status::data, static_cast<std::size_t>(got)};
}

std::size_t Connection::splice_from(const Pipe& pipe, std::size_t bytes) {
  const ssize_t sent =
      ::splice(pipe.read.get(), nullptr, fd_.get(), nullptr, bytes, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  if (sent > 0) {
    count_out(static_cast<std::size_t>(sent));
    return static_cast<std::size_t>(sent);
  }
  if (errno == EAGAIN || errno == EWOULDBLOCK) {
    writable_ = false;
    attend();
  } else if (errno != EINTR) {
    fail_io(errno);
  }
  return 0;
}

// libevent does not pass EPOLLERR on: an RST that came together with these bytes looks like them alone, and
// makes no edge of its own. To read on until EAGAIN would cost a system call a message, so the kernel is
// asked once in a while instead.
void Connection::doubt_silence() {
  if (doubtful_ || facts_.remote.is_unix()) return;
  doubtful_ = true;
  worker_.recheck_later(facts_.id);
}

void Connection::recheck() {
  doubtful_ = false;
  if (stage_ == Stage::gone || state() != tcp::State::closed) return;
  readable_ = true;
  handle();
}

void Connection::set_options(const tcp::Options& options) {
  // They were checked when the listener's socket was made, so what fails now is the end of this connection.
  (void)tcp::apply(options, fd_.get());
}

void Connection::send(ByteView bytes, bool more_follows) {
  if (stage_ != Stage::open || fin_wanted_ || bytes.empty()) return;
  if (queued() > 0) {
    enqueue(bytes);
    return;
  }
  const ssize_t sent =
      ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | (more_follows ? MSG_MORE : 0));
  if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
    fail_io(errno);
    return;
  }
  const auto taken = sent < 0 ? std::size_t{0} : static_cast<std::size_t>(sent);
  if (taken > 0) count_out(taken);
  if (taken == bytes.size()) return;
  writable_ = false;
  enqueue(bytes.subspan(taken));
}

void Connection::enqueue(ByteView bytes) {
  attend();
  if (stage_ == Stage::gone) return;
  if (!queue_) queue_ = std::make_unique<Queue>();
  // A queue that never runs empty must not keep what has gone; by halves, each byte is moved at most once.
  if (queue_->sent > queued()) {
    queue_->bytes.erase(0, queue_->sent);
    queue_->sent = 0;
  }
  queue_->bytes.append(bytes.data(), bytes.size());
}

void Connection::push() {
  if (is_open()) tcp::set_nodelay(fd_.get());
}

bool Connection::flush() {
  while (queued() > 0) {
    if (!writable_) return true;
    const ssize_t sent = ::send(fd_.get(), queue_->bytes.data() + queue_->sent, queued(), MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) {
        writable_ = false;
        return true;
      }
      fail_io(errno);
      return false;
    }
    queue_->sent += static_cast<std::size_t>(sent);
    count_out(static_cast<std::size_t>(sent));
  }
  queue_.reset();  // an idle connection keeps no buffer
  if (fin_wanted_ && !fin_sent_) shutdown_write();
  return stage_ != Stage::gone;
}

// A listener counts its clients' connections, and not those with its upstreams.
PartyShare* Connection::share() const {
  const Owner& owner = *facts_.owner;
  if (owner.kind == Owner::Kind::listener && facts_.direction == Direction::outbound) return nullptr;
  return &owner.stats->share(worker_.index());
}

void Connection::count_in(std::size_t bytes) {
  facts_.bytes_in += bytes;
  if (traffic_ != nullptr) traffic_->bytes_in.add(bytes);
  touch();
  if (facts_.bytes_in == bytes) facts_.timeline.seen(TimelineEvent::first_byte_in, worker_.time());
}

void Connection::count_out(std::size_t bytes) {
  facts_.bytes_out += bytes;
  if (traffic_ != nullptr) traffic_->bytes_out.add(bytes);
  touch();
  if (facts_.bytes_out == bytes) facts_.timeline.seen(TimelineEvent::first_byte_out, worker_.time());
}

void Connection::end(Reason reason, bool graceful) {
  if (graceful) {
    finish(reason);
  } else {
    abort(reason);
  }
}

}  // namespace tcpctl
