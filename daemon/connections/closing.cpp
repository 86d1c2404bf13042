// SPDX-License-Identifier: Apache-2.0
// How a Connection ends, and what its record says of it.
#include <algorithm>
#include <cerrno>
#include <utility>

#include <sys/socket.h>

#include "base/log.hpp"
#include "connections/connection.hpp"
#include "tcp/connect_failure.hpp"
#include "tcp/sock_diag.hpp"
#include "tcp/socket.hpp"

namespace tcpctl {
namespace {

struct Ending {
  First first;
  How how;
  Reason reason;
};

Ending ending_of_connect(int error_number) {
  switch (tcp::connect_failure(error_number)) {
    case tcp::ConnectFailure::refused:
      return {First::remote, How::rst, Reason::connect_refused};
    case tcp::ConnectFailure::no_listener:
      return {First::unknown, How::abort, Reason::connect_refused};
    case tcp::ConnectFailure::timed_out:
      return {First::local, How::timeout, Reason::connect_timeout};
    case tcp::ConnectFailure::no_resources:
      return {First::local, How::abort, Reason::resource};
    case tcp::ConnectFailure::unreachable:
      break;
  }
  return {First::unknown, How::abort, Reason::connect_unreachable};
}

Ending ending_of_io(int error_number) {
  switch (error_number) {
    case ECONNRESET:
    case EPIPE:  // the RST came after the peer's FIN
      return {First::remote, How::rst, Reason::peer_rst};
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case ENETUNREACH:
      return {First::local, How::timeout, Reason::dead_peer};
    case ECONNABORTED:  // `ss -K` by the host's administrator
      return {First::local, How::rst, Reason::admin_kill};
    case ENOBUFS:
    case ENOMEM:
      return {First::local, How::rst, Reason::resource};
    default:
      return {First::unknown, How::abort, Reason::unknown};
  }
}

/// Whether close(2) with SO_LINGER 0 sends an RST: not where all that is left is to wait for an ACK.
/// Source: tcp_disconnect of the kernel.
bool resets(tcp::State state, std::size_t unsent) {
  switch (state) {
    case tcp::State::closing:
    case tcp::State::last_ack:
      return unsent > 0;
    case tcp::State::time_wait:
    case tcp::State::closed:
      return false;
    default:
      return true;
  }
}

/// Nothing that TCP_INFO counts comes after these: the connection is over, or was none yet.
bool is_last(tcp::State state) { return state == tcp::State::closed || state == tcp::State::syn_sent; }

}  // namespace

void Connection::note_first(First first, How how) {
  if (facts_.close.first) return;
  // What comes now is not the first if the FIN has left since: nothing tells of that moment.
  if (fin_waits_ && has_fin_left()) {
    first = First::local;
    how = How::fin;
  }
  facts_.close.first = first;
  facts_.close.how = how;
  if (how == How::fin) tell(EventKind::half_closed);
}

void Connection::note_reason(Reason reason, std::string_view detail) {
  if (facts_.close.reason) return;
  facts_.close.reason = reason;
  facts_.close.phase = phase();
  facts_.close.detail = detail;
}

void Connection::note_hangup() {
  if (eof_ || stage_ == Stage::gone || stage_ == Stage::connecting ||
      facts_.timeline.has(TimelineEvent::fin_received))
    return;
  const auto now = state();
  if (now == tcp::State::close_wait || now == tcp::State::last_ack || now == tcp::State::closing) {
    facts_.timeline.seen(TimelineEvent::fin_received, worker_.time());
    note_first(First::remote, How::fin);
  }
}

void Connection::fail_connect(int error_number) {
  const Ending ending = ending_of_connect(error_number);
  note_reason(ending.reason, errno_text(error_number));
  note_first(ending.first, ending.how);
  if (ending.how == How::rst) facts_.timeline.seen(TimelineEvent::rst_received, worker_.time());
  complete();
}

void Connection::fail_connect_to_itself() {
  note_reason(Reason::connect_refused, "connected to itself: nobody listens there");
  reset();
  complete();
}

void Connection::note_error(int error_number) {
  const Ending ending = ending_of_io(error_number);
  if (ending.reason == Reason::peer_rst) facts_.timeline.seen(TimelineEvent::rst_received, worker_.time());
  note_first(ending.first, ending.how);
  note_reason(ending.reason, errno_text(error_number));
}

void Connection::fail_io(int error_number) {
  if (stage_ == Stage::gone) return;
  note_error(error_number);
  record_undelivered();
  complete();
}

void Connection::end_if_reset() {
  if (unbroken_ || facts_.remote.is_unix() || state() != tcp::State::closed) return;
  const int error = tcp::take_error(fd_.get());
  fail_io(error != 0 ? error : ECONNRESET);
}

void Connection::note_reset() {
  if (reset_error_ != 0 || eof_ || facts_.remote.is_unix() || state() != tcp::State::closed) return;
  reset_error_ = static_cast<std::uint8_t>(tcp::take_error(fd_.get()));
  if (reset_error_ == 0) return;  // both FINs are out, and what came before the peer's waits to be read
  note_error(reset_error_);
  worker_.wheel().set(*this, worker_.time() + facts_.owner->close_timeout);
}

void Connection::finish(Reason reason, std::string_view detail) {
  if (stage_ == Stage::gone || stage_ == Stage::closing || stage_ == Stage::resetting) return;
  // A timeout may follow what fixed the reason, such as the FIN that was half of the end.
  if (facts_.close.reason && facts_.close.detail.empty()) facts_.close.detail = detail;
  note_reason(reason, detail);
  if (stage_ == Stage::connecting) {
    note_first(First::local, How::abort);
    complete();
    return;
  }
  fin_wanted_ = true;
  stage_ = Stage::closing;
  worker_.wheel().set(*this, worker_.time() + facts_.owner->close_timeout);
  step_closing();
}

void Connection::abort(Reason reason, std::string_view detail) {
  if (stage_ == Stage::gone) return;
  note_reason(reason, detail);
  if (stage_ == Stage::connecting) {
    note_first(First::local, How::abort);
  } else {
    reset();
  }
  complete();
}

void Connection::reset() {
  const tcp::State now = state();
  if (now == tcp::State::closed) {  // an RST came, and its event is not here yet
    if (const int error = tcp::take_error(fd_.get()); error != 0) note_error(error);
  } else if (resets(now, facts_.remote.is_unix() ? 0 : tcp::unsent(fd_.get()))) {
    note_first(First::local, How::rst);
    facts_.timeline.seen(TimelineEvent::rst_sent, worker_.time());
  }
  record_undelivered();
  tcp::set_abort_on_close(fd_.get());
}

void Connection::abort_when_delivered(Reason reason, std::string_view detail) {
  if (stage_ == Stage::gone || stage_ == Stage::resetting) return;
  if (stage_ != Stage::open && stage_ != Stage::closing) {
    abort(reason, detail);
    return;
  }
  note_reason(reason, detail);
  attend();
  if (stage_ == Stage::gone) return;
  note_parting(false);
  stage_ = Stage::resetting;
  worker_.wheel().set(*this, worker_.time() + facts_.owner->close_timeout);
  step_resetting();
}

void Connection::finish_sending() {
  fin_wanted_ = true;
  if (flush()) close_if_both_done();
}

void Connection::close_if_both_done() {
  if (stage_ != Stage::open || !fin_sent_ || !eof_) return;
  stage_ = Stage::closing;
  worker_.wheel().set(*this, worker_.time() + facts_.owner->close_timeout);
  step_closing();
}

void Connection::shutdown_write() {
  attend();
  if (stage_ == Stage::gone) return;
  fin_sent_ = true;
  if (facts_.close.first) {
    ::shutdown(fd_.get(), SHUT_WR);
    note_fin_sent();
    return;
  }
  // The kernel may know of a FIN of the peer's that nobody has read yet. Asked only afterwards, a peer that
  // answers ours at once would look like that too: both are CLOSED then.
  const auto before = state();
  if (before == tcp::State::closed) {
    end_if_reset();
    return;
  }
  // A socket has a cookie from the first time that it is asked for, and TIME_WAIT takes over what there is.
  // After the peer's FIN there will be none.
  if (before != tcp::State::close_wait && is_recorded() && !facts_.remote.is_unix())
    (void)tcp::read_cookie(fd_.get());
  ::shutdown(fd_.get(), SHUT_WR);
  note_fin_sent();
  if (stage_ == Stage::open) watch_time();
  const auto after = state();
  active_ = before != tcp::State::close_wait && after != tcp::State::last_ack;
  if (!active_) {
    note_first(First::remote, How::fin);
  } else if (!fin_waits_) {
    note_first(First::local, How::fin);
  }
  note_ack(after);
}

// A peer that does not read can hold a FIN up for as long as it likes, and end the connection first.
void Connection::note_fin_sent() {
  fin_waits_ = !facts_.remote.is_unix() && tcp::unsent(fd_.get()) > 0;
  if (!fin_waits_) facts_.timeline.seen(TimelineEvent::fin_sent, worker_.time());
}

bool Connection::has_fin_left() const { return tcp::unsent(fd_.get()) == 0; }

void Connection::note_ack(tcp::State now) {
  if (!fin_sent_ || now != tcp::State::fin_wait_2) return;
  note_first(First::local, How::fin);
  if (fin_waits_) facts_.timeline.inferred(TimelineEvent::fin_sent);
  facts_.timeline.seen(TimelineEvent::fin_acked, worker_.time());
}

// Both FINs are done, and each was acknowledged. Where the peer's came first, it is the ACK of ours that
// closed the socket; else that may have come with the peer's FIN.
void Connection::note_clean_end() {
  if (active_) {
    facts_.timeline.inferred(TimelineEvent::fin_acked);
    facts_.timeline.inferred(TimelineEvent::time_wait);
  } else {
    facts_.timeline.seen(TimelineEvent::fin_acked, worker_.time());
  }
}

void Connection::discard_input() {
  std::size_t budget = Worker::kTurnBytes;
  while (readable_ && !eof_) {
    const Read read = receive();
    if (read.status != Read::Status::data) return;
    if (read.bytes.size() >= budget) {
      another_turn();
      return;
    }
    budget -= read.bytes.size();
  }
}

void Connection::step_closing() {
  if (!flush()) return;
  if (fin_sent_) note_parting(true);
  discard_input();
  if (stage_ == Stage::gone || !fin_sent_) return;
  if (facts_.remote.is_unix()) {
    if (eof_) complete();
    return;
  }
  const auto info = tcp::read_info(fd_.get());
  if (info) note_ack(info->state);
  if (info && info->state != tcp::State::closed) return;
  if (!eof_) {  // the peer's FIN came since the last edge
    readable_ = true;
    discard_input();
    if (stage_ == Stage::gone || turn_wanted_) return;
  }
  // Where both FINs were acknowledged, the kernel has nothing to complain of.
  const int error = tcp::take_error(fd_.get());
  if (error != 0) {
    fail_io(error);
    return;
  }
  if (fin_waits_) facts_.timeline.inferred(TimelineEvent::fin_sent);
  note_clean_end();
  complete(info);
}

void Connection::step_resetting() {
  if (!flush()) return;
  discard_input();
  if (stage_ == Stage::gone) return;
  if (has_delivered()) {
    abort(Reason::unknown);
  } else if (!looking_) {
    looking_ = true;
    worker_.look_again_later(facts_.id);
  }
}

void Connection::look_again() {
  looking_ = false;
  if (stage_ == Stage::resetting) step_resetting();
}

void Connection::on_deadline() {
  worker_.tick();
  switch (stage_) {
    case Stage::connecting:
      note_reason(Reason::connect_timeout, "no answer to SYN");
      note_first(First::local, How::timeout);
      complete();
      return;
    case Stage::open:
      if (reset_error_ != 0) {
        fail_io(reset_error_);
      } else {
        check_time();
      }
      return;
    case Stage::closing:
      close_timed_out();
      return;
    case Stage::resetting:
      abort(Reason::unknown);
      return;
    case Stage::gone:
      return;
  }
}

// Each byte would put the deadline off, so it is looked at again only when it comes due, or when one comes
// into force that may be earlier.
void Connection::watch_time() {
  if (reset_error_ != 0) return;  // that deadline stands
  const Overdue next = next_overdue();
  if (next.at != Instant::max()) worker_.wheel().set(*this, next.at);
}

void Connection::check_time() {
  const Overdue next = next_overdue();
  if (worker_.time() < next.at) {
    watch_time();
  } else {
    on_overdue(next.reason, next.detail);
  }
}

Connection::Overdue Connection::next_overdue() const {
  const Owner& owner = *facts_.owner;
  Overdue next{Instant::max(), Reason::idle_timeout, {}};
  const auto consider = [&next](const std::optional<Duration>& timeout, Instant since, Reason reason,
                                std::string_view detail) {
    if (timeout && since + *timeout < next.at) next = {since + *timeout, reason, detail};
  };
  consider(owner.idle_timeout, last_active(), Reason::idle_timeout, {});
  if (is_half_closed())
    consider(owner.half_closed_timeout, last_active(), Reason::idle_timeout, "half_closed_timeout");
  consider(owner.max_lifetime, facts_.opened, Reason::local_limit, "max_lifetime");
  return next;
}

void Connection::note_parting(bool is_parting) {
  if (parting_ == is_parting) return;
  parting_ = is_parting;
  PartyShare* const share = this->share();
  if (share == nullptr) return;
  if (is_parting) {
    share->parting.add();
  } else {
    share->parting.sub();
  }
}

bool Connection::has_delivered() const {
  return queued() == 0 && (facts_.remote.is_unix() || tcp::unacknowledged(fd_.get()) == 0);
}

std::uint64_t Connection::acknowledged() const {
  return facts_.bytes_out - std::min<std::uint64_t>(facts_.bytes_out, tcp::unacknowledged(fd_.get()));
}

bool Connection::give_way() {
  if (!parting_) return false;
  if (facts_.close.detail.empty()) facts_.close.detail = "gave way to others";
  complete();
  return true;
}

void Connection::end_if_idle(double factor) {
  if (stage_ != Stage::open || !facts_.owner->idle_timeout) return;
  const Duration longest = std::chrono::duration_cast<Duration>(*facts_.owner->idle_timeout * factor);
  if (worker_.time() - last_active() >= longest)
    on_overdue(Reason::idle_timeout, "shorter while the daemon is nearly full");
}

void Connection::close_timed_out() {
  step_closing();
  if (stage_ != Stage::closing) return;
  reset();
  complete();
}

void Connection::record_undelivered() {
  const std::size_t held = this->held();
  std::size_t unacked = facts_.remote.is_unix() ? 0 : tcp::unacknowledged(fd_.get());
  if (fin_sent_ && unacked > 0) --unacked;  // the FIN counts as one
  if (held + unacked == 0) return;
  const auto before = facts_.close.detail.get();
  facts_.close.detail = fmt::format("{}{}{} bytes not delivered to {}", before, before.empty() ? "" : "; ",
                                    held + unacked, facts_.remote.text());
}

void Connection::leave_no_record() {
  auto owner = std::make_shared<Owner>(*facts_.owner);
  owner->in_history = false;
  facts_.owner = std::move(owner);
}

void Connection::count_end(const std::optional<tcp::Info>& last) {
  note_parting(false);
  PartyShare* const share = this->share();
  if (share == nullptr) return;
  share->ended.add();
  share->closes.add(*facts_.close.first, facts_.close.how, *facts_.close.reason);
  share->duration.add(std::chrono::duration<double>(facts_.close.at - facts_.opened).count());
  const std::uint32_t rtt_us = last && last->rtt_us > 0 ? last->rtt_us : facts_.handshake_rtt_us;
  if (rtt_us > 0) share->rtt.add(rtt_us / 1e6);
}

void Connection::tell(EventKind kind) const {
  if (silent_) return;
  EventOutlet& events = worker_.events();
  Event* const event = events.add(kind);
  if (event == nullptr) return;
  event->at = facts_.wall_at(worker_.time());
  event->connection = facts_.id;
  event->peer = facts_.peer_id;
  event->remote = facts_.remote;
  if (facts_.has_proxied_ends()) event->source = events.source(facts_.proxied->source);
  event->direction = facts_.direction;
  event->of_client = facts_.owner->kind == Owner::Kind::client;
  event->party = events.text(facts_.owner, facts_.owner->name);
  event->upstream = events.text(facts_.upstream);
  if (kind != EventKind::half_closed && kind != EventKind::closed) return;
  event->first = facts_.close.first;
  event->how = facts_.close.how;
  event->bytes_in = facts_.bytes_in;
  event->bytes_out = facts_.bytes_out;
  event->lasted = worker_.time() - facts_.opened;
  if (kind == EventKind::half_closed) return;
  event->reason = facts_.close.reason;
  event->detail = events.text(facts_.close.detail.get());
}

void Connection::log_end() const {
  log::debug("connection.closed", log::f("connection", id_text(facts_.id)),
             log::f("remote", facts_.remote.text()), log::f("first", text(*facts_.close.first)),
             log::f("how", text(facts_.close.how)), log::f("reason", text(*facts_.close.reason)),
             log::f("bytes_in", facts_.bytes_in), log::f("bytes_out", facts_.bytes_out),
             log::f("detail", facts_.close.detail.get()));
}

void Connection::log_access_start() {
  unlogged_ = false;
  History::Entry entry;
  entry.facts = facts_;
  entry.local = tcp::local_address(fd_.get());
  worker_.access().add(AccessLine::Kind::start, entry);
}

void Connection::log_access_end(const History::Entry& entry) {
  AccessOutlet& access = worker_.access();
  if (unlogged_ && access.is_at_start()) access.add(AccessLine::Kind::start, entry);
  if (access.is_at_end()) access.add(AccessLine::Kind::end, entry);
}

// What the kernel still holds of it, and does with it, once the descriptor is closed.
void Connection::note_remains(const std::optional<tcp::Info>& last, History::Entry& entry) {
  if (last)
    entry.tcp = to_row(*last, is_last(last->state) ? "final" : "before_close", facts_.owner->congestion);
  if (fin_waits_ && has_fin_left()) facts_.timeline.inferred(TimelineEvent::fin_sent);
  if (facts_.timeline.has(TimelineEvent::rst_sent) || facts_.timeline.has(TimelineEvent::rst_received))
    return;
  if (facts_.timeline.has(TimelineEvent::time_wait)) entry.left_in = tcp::State::time_wait;
  if (!fin_sent_) return;
  const bool goes_on = last && !is_last(last->state);
  if (goes_on) entry.left_in = last->state;
  if (entry.left_in == tcp::State::closed) return;
  entry.cookie = tcp::read_cookie(fd_.get());
  if (goes_on) worker_.orphans().await(entry.cookie, facts_.id);
}

void Connection::complete(const std::optional<tcp::Info>& last) {
  if (stage_ == Stage::gone) return;
  History::Entry entry;
  if (is_recorded()) {
    entry.local = tcp::local_address(fd_.get());
    if (!facts_.remote.is_unix()) note_remains(last, entry);
  }
  stage_ = Stage::gone;
  facts_.timeline.seen(TimelineEvent::closed, worker_.time());
  facts_.close.at = worker_.time();
  if (fin_sent_) note_first(First::local, How::fin);  // the kernel sends what waits, and the FIN behind it
  note_first(First::unknown, How::abort);
  note_reason(Reason::unknown);
  Wheel::cancel(*this);
  event_.reset();  // first: a closed number may be another thread's socket already
  fd_.reset();
  queue_.reset();

  count_end(last);
  tell(EventKind::closed);
  if (log::enabled(log::Level::debug)) log_end();
  if (is_recorded()) {
    entry.facts = facts_;
    log_access_end(entry);
    worker_.history().add(std::move(entry));
  }
  on_gone();
  worker_.retire(*this);
}

}  // namespace tcpctl
