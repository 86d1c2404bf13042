// SPDX-License-Identifier: Apache-2.0
// How a Conversation ends, and what its time line says of it: the rules of docs/tcp-states.md.
#include <cerrno>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "ctl/connect/conversation.hpp"
#include "tcp/info.hpp"
#include "tcp/socket.hpp"

namespace tcpctl::ctl {
namespace {

struct Ending {
  Life::Word first, how, reason;
};

Ending ending_of(int error) {
  switch (error) {
    case ECONNRESET:
    case EPIPE:  // the RST came after the peer's FIN
      return {"remote", "rst", "peer_rst"};
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case ENETUNREACH:
      return {"local", "timeout", "dead_peer"};
    case ECONNABORTED:  // `ss -K` by the host's administrator
      return {"local", "rst", "admin_kill"};
    default:
      return {"unknown", "abort", "unknown"};
  }
}

bool is_behind_a_fin(tcp::State state) {
  return state == tcp::State::close_wait || state == tcp::State::last_ack || state == tcp::State::closing;
}

std::size_t unread(int fd) {
  int bytes = 0;
  return ::ioctl(fd, FIONREAD, &bytes) == 0 && bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
}

}  // namespace

void Conversation::note_first(Life::Word first, Life::Word how, Life::Word reason, std::string_view detail) {
  // What comes now is not the first if the FIN has left since: nothing tells of that moment.
  if (!life_.close().first && fin_waits_ && tcp::unsent(socket_.get()) == 0) {
    life_.note_first("local", "fin");
  } else {
    life_.note_first(first, how);
  }
  life_.note_reason(reason, detail);
}

/// The peer's FIN is here, though what comes before it is not read yet.
void Conversation::note_hangup() {
  if (eof_ || life_.has("fin_received")) return;
  if (!is_behind_a_fin(tcp::read_state(socket_.get()))) return;
  life_.seen("fin_received", now());
  note_first("remote", "fin", "peer_fin");
}

void Conversation::shutdown_write(std::string_view why) {
  const auto before = tcp::read_state(socket_.get());
  if (before == tcp::State::closed) {  // an RST came, and its event is not here yet
    const int error = tcp::take_error(socket_.get());
    note_error(error != 0 ? error : ECONNRESET);
    return;
  }
  ::shutdown(socket_.get(), SHUT_WR);
  fin_sent_ = true;
  fin_waits_ = tcp::unsent(socket_.get()) > 0;
  if (!fin_waits_) life_.seen("fin_sent", now());
  const auto after = tcp::read_state(socket_.get());
  active_ = before != tcp::State::close_wait && after != tcp::State::last_ack;
  if (!active_) {
    life_.note_first("remote", "fin");
  } else if (!fin_waits_) {
    life_.note_first("local", "fin");
  }
  life_.note_reason(active_ ? "local_done" : "peer_fin", active_ ? why : std::string_view{});
  note_ack(after);
}

void Conversation::note_ack(tcp::State state) {
  if (state != tcp::State::fin_wait_2 || life_.has("fin_acked")) return;
  life_.note_first("local", "fin");
  if (fin_waits_) life_.inferred("fin_sent");
  life_.seen("fin_acked", now());
}

void Conversation::note_error(int error) {
  if (error_ != 0) return;
  error_ = error;
  const auto [first, how, reason] = ending_of(error);
  if (reason == "peer_rst") life_.seen("rst_received", now());
  note_first(first, how, reason);
  life_.add_detail(errno_text(error));
  note_undelivered();
  to_peer_.clear();
  input_ended_ = true;
}

void Conversation::note_undelivered() {
  auto waiting = tcp::unacknowledged(socket_.get());
  if (fin_sent_ && waiting > 0) --waiting;  // the FIN counts as one
  if (to_peer_.size() + waiting > 0)
    undelivered_ = fmt::format("{} bytes not delivered", to_peer_.size() + waiting);
  life_.add_detail(undelivered_);
}

void Conversation::leave(End end, const std::string& detail) {
  if (outcome_) {
    if (end != End::unread) outcome_ = Outcome{end, detail};
    return;
  }
  const bool ended_before = life_.close().reason.has_value();
  if (!fin_sent_ && error_ == 0) shutdown_write(detail);
  if (error_ == 0) {
    if (ended_before) life_.add_detail(detail);
    if (!to_peer_.empty()) life_.add_detail(fmt::format("{} bytes not sent", to_peer_.size()));
    // close(2) with unread bytes sends an RST: RFC 2525 section 2.17.
    if (unread(socket_.get()) > 0) life_.inferred("rst_sent");
  }
  finish(end, detail);
}

}  // namespace tcpctl::ctl
