// SPDX-License-Identifier: Apache-2.0
#include "ctl/connect/conversation.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/connect/state_watch.hpp"
#include "tcp/info.hpp"
#include "tcp/socket.hpp"

namespace tcpctl::ctl {
namespace {

/// What a descriptor that poll(2) calls writable takes without blocking: pipe(7) promises this much.
std::size_t most_at_once(int out) {
  struct stat kind{};
  const bool is_file = ::fstat(out, &kind) == 0 && S_ISREG(kind.st_mode);
  return is_file ? std::size_t{1} << 20U : PIPE_BUF;
}

bool may_try_again(int error) { return error == EAGAIN || error == EINTR; }

}  // namespace

Conversation::Conversation(Fd socket, Life& life, const Streams& streams, InputForm input, OutputForm output,
                           Warn warn)
    : socket_{std::move(socket)},
      watch_{watch_states(socket_.get())},
      life_{life},
      streams_{streams},
      input_{input},
      output_{std::move(output)},
      warn_{std::move(warn)},
      most_printed_at_once_{most_at_once(streams.out)} {}

Conversation::Outcome Conversation::run() {
  while (!outcome_ || !to_out_.empty()) wait();
  return *outcome_;
}

pollfd Conversation::watched_socket() const {
  if (outcome_) return {.fd = -1, .events = 0, .revents = 0};
  unsigned events = 0;
  if (!to_peer_.empty()) events |= POLLOUT;
  if (!eof_ && to_out_.empty()) events |= POLLIN;
  // A hang-up is told whether it is asked for or not: nothing is asked for any more that only it would
  // answer.
  if (!hung_up_ && !life_.has("fin_received")) events |= POLLRDHUP;
  return {.fd = events == 0 ? -1 : socket_.get(), .events = static_cast<short>(events), .revents = 0};
}

int Conversation::timeout_ms() const {
  constexpr int kLook = 50;  // should the kernel not tell of the last change
  return closing_since_ && !outcome_ ? kLook : -1;
}

void Conversation::wait() {
  const bool wants_input = !outcome_ && !input_ended_ && to_peer_.size() < kMost;
  const bool watches = !outcome_ && fin_sent_ && !life_.has("fin_acked");
  std::array<pollfd, 5> polled{{
      {.fd = streams_.stop, .events = POLLIN, .revents = 0},
      watched_socket(),
      {.fd = wants_input ? streams_.in : -1, .events = POLLIN, .revents = 0},
      {.fd = to_out_.empty() ? -1 : streams_.out, .events = POLLOUT, .revents = 0},
      {.fd = watches ? watch_.get() : -1, .events = POLLIN, .revents = 0},
  }};
  if (::poll(polled.data(), polled.size(), timeout_ms()) < 0) return;
  if (polled[0].revents != 0) {
    leave(End::interrupted, "interrupted");
    to_out_.clear();
    return;
  }
  if (polled[4].revents != 0) {  // first: an ACK came before what else came meanwhile
    clear_watch(watch_.get());
    note_ack(tcp::read_state(socket_.get()));
  }
  if (polled[3].revents != 0) print();
  if (!outcome_ && polled[1].revents != 0) on_socket(polled[1].revents);
  if (!outcome_ && polled[2].revents != 0) take_input();
  if (!outcome_) advance();
}

void Conversation::on_socket(short revents) {
  const auto told = static_cast<unsigned>(revents);
  if ((told & (POLLERR | POLLHUP)) != 0) hung_up_ = true;
  if ((told & POLLRDHUP) != 0) note_hangup();
  if ((told & (POLLIN | POLLERR | POLLHUP)) != 0) receive();
}

void Conversation::take_input() {
  std::array<char, 16384> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): read fills it
  const auto got = ::read(streams_.in, buffer.data(), buffer.size());
  if (got < 0 && may_try_again(errno)) return;
  if (got < 0) {
    leave(End::input_failed, fmt::format("standard input: {}", errno_text(errno)));
    return;
  }
  if (got == 0) {
    end_input();
    return;
  }
  const auto bytes = input_.take({buffer.data(), static_cast<std::size_t>(got)});
  if (bytes) {
    to_peer_.add(*bytes);
  } else if (streams_.in_terminal) {
    warn_(fmt::format("nothing of that was sent: {}", bytes.error().what));
  } else {
    leave(End::input_failed, fmt::format("standard input, {}", bytes.error().what));
  }
}

void Conversation::end_input() {
  const auto whole = input_.end();
  if (whole) {
    input_ended_ = true;
  } else {
    leave(End::input_failed, fmt::format("standard input, {}", whole.error().what));
  }
}

void Conversation::send() {
  while (!to_peer_.empty()) {
    const auto bytes = to_peer_.bytes();
    const auto sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) {
      if (!may_try_again(errno)) note_error(errno);
      return;
    }
    life_.seen("first_byte_out", now());
    life_.bytes_out += static_cast<std::uint64_t>(sent);
    to_peer_.drop(static_cast<std::size_t>(sent));
  }
}

void Conversation::receive() {
  if (eof_ || !to_out_.empty()) return;
  std::array<char, kMost> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): recv fills it
  const auto got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
  if (got < 0) {
    if (may_try_again(errno)) return;
    note_error(errno);
    eof_ = true;
    return;
  }
  if (got > 0) {
    life_.seen("first_byte_in", now());
    life_.bytes_in += static_cast<std::uint64_t>(got);
    to_out_.add(output_.take({buffer.data(), static_cast<std::size_t>(got)}));
    return;
  }
  eof_ = true;
  if (error_ != 0) return;  // the end that an RST makes
  life_.seen("fin_received", now());
  note_first("remote", "fin", "peer_fin");
}

void Conversation::print() {
  const auto bytes = to_out_.bytes().substr(0, most_printed_at_once_);
  const auto written = ::write(streams_.out, bytes.data(), bytes.size());
  if (written > 0) {
    inside_line_ = bytes[static_cast<std::size_t>(written) - 1] != '\n';
    to_out_.drop(static_cast<std::size_t>(written));
    return;
  }
  if (written == 0 || may_try_again(errno)) return;
  const int error = errno;
  to_out_.clear();
  if (error == EPIPE) {
    leave(End::unread, "nobody reads the output any more");
  } else {
    leave(End::output_failed, fmt::format("cannot write the output: {}", errno_text(error)));
  }
}

void Conversation::advance() {
  send();
  if (eof_ && streams_.in_terminal) input_ended_ = true;
  if (error_ != 0) {
    if (eof_) finish(error_ == ETIMEDOUT || error_ == EHOSTUNREACH ? End::dead : End::reset, {});
    return;
  }
  if (input_ended_ && to_peer_.empty() && !fin_sent_) shutdown_write("end of input");
  if (error_ == 0 && fin_sent_) note_ack(tcp::read_state(socket_.get()));
  if (error_ == 0 && fin_sent_ && eof_) step_closing();
}

// Once both FINs are out, TCP_INFO says CLOSE as soon as the last of them was acknowledged.
void Conversation::step_closing() {
  const Instant time = now();
  if (!closing_since_) closing_since_ = time;
  if (tcp::read_state(socket_.get()) == tcp::State::closed) {
    if (const int error = tcp::take_error(socket_.get()); error != 0) {
      note_error(error);
      finish(End::reset, {});
      return;
    }
    if (fin_waits_) life_.inferred("fin_sent");
    if (active_) {
      life_.inferred("fin_acked");
      life_.inferred("time_wait");
    } else {
      life_.seen("fin_acked", time);
    }
    finish(End::done, {});
  } else if (time - *closing_since_ >= kPatience) {
    life_.add_detail("the last FIN was not acknowledged in time");
    finish(End::done, {});
  }
}

void Conversation::finish(End end, std::string detail) {
  if (outcome_) return;
  if (end == End::dead) detail = life_.close().detail;
  if (end == End::reset) detail = undelivered_;
  outcome_ = Outcome{end, std::move(detail)};
  if (auto info = tcp::read_info(socket_.get())) life_.info = info;
  to_out_.add(output_.end());
  watch_.reset();
  life_.seen("closed", now());
  life_.note_first("unknown", "abort");
  life_.note_reason("unknown", {});
  socket_.reset();
}

}  // namespace tcpctl::ctl
