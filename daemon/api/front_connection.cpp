// SPDX-License-Identifier: Apache-2.0
#include "api/front_connection.hpp"

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include <sys/socket.h>

#include "api/reply.hpp"

namespace tcpctl::api {
namespace {

constexpr std::size_t kReadSize = std::size_t{16} * 1024;
constexpr std::size_t kMaxDiscarded = std::size_t{4} * 1024 * 1024;

}  // namespace

FrontConnection::FrontConnection(Id id, Fd fd, Peer peer, const Loop& loop, Owner& owner, FrontBudget& budget,
                                 const FrontLimits& limits)
    : id_{id},
      fd_{std::move(fd)},
      peer_{std::move(peer)},
      owner_{owner},
      budget_{budget},
      limits_{limits},
      reader_{limits.request},
      readable_{event_new(loop.base(), fd_.get(), EV_READ | EV_PERSIST, &FrontConnection::on_readable, this)},
      writable_{
          event_new(loop.base(), fd_.get(), EV_WRITE | EV_PERSIST, &FrontConnection::on_writable, this)},
      deadline_{event_new(loop.base(), -1, 0, &FrontConnection::on_deadline, this)} {}

FrontConnection::~FrontConnection() { budget_.give_back(reserved_); }

std::optional<Instant> FrontConnection::waiting_since() const {
  if (phase_ != Phase::reading) return std::nullopt;
  return reading_since_;
}

void FrontConnection::start() {
  reading_since_ = now();
  event_add(readable_.get(), nullptr);
  set_deadline(limits_.idle_time);
}

void FrontConnection::on_readable(evutil_socket_t /*fd*/, short /*what*/, void* self) {
  auto& connection = *static_cast<FrontConnection*>(self);
  if (connection.phase_ == Phase::lingering || connection.phase_ == Phase::streaming) {
    connection.discard();
  } else {
    connection.read();
  }
}

void FrontConnection::on_writable(evutil_socket_t /*fd*/, short /*what*/, void* self) {
  static_cast<FrontConnection*>(self)->write();
}

void FrontConnection::on_deadline(evutil_socket_t /*fd*/, short /*what*/, void* self) {
  auto& connection = *static_cast<FrontConnection*>(self);
  if (connection.phase_ == Phase::streaming) connection.owner_.on_stream_stalled(connection.id_);
  if (connection.phase_ == Phase::reading && connection.request_begun_) {
    connection.answer(raw_problem(408, "the request did not come in time"), true);
  } else {
    connection.close();
  }
}

void FrontConnection::read() {
  std::array<char, kReadSize> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): recv fills it
  const auto got = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
  if (got > 0) {
    take_in({buffer.data(), static_cast<std::size_t>(got)});
  } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
    close();
  }
}

void FrontConnection::take_in(std::string_view bytes) {
  reader_.feed(bytes);
  if (!account()) {
    answer(raw_problem(503, "too many bytes of requests and answers are held already"), true);
    return;
  }
  next();
}

/// Looks at what the reader has: hands a request over, refuses, or goes on waiting.
void FrontConnection::next() {
  switch (reader_.state()) {
    case RequestReader::State::idle:
      if (std::exchange(request_begun_, false)) set_deadline(limits_.idle_time);
      break;
    case RequestReader::State::partial:
      if (!std::exchange(request_begun_, true)) set_deadline(limits_.request_time);
      break;
    case RequestReader::State::refused:
      answer(raw_problem(reader_.refusal().status, reader_.refusal().detail), true);
      break;
    case RequestReader::State::ready:
      phase_ = Phase::waiting;
      request_begun_ = false;
      event_del(readable_.get());
      event_del(deadline_.get());
      owner_.on_request(id_, reader_.take(), peer_);
      break;
  }
}

void FrontConnection::answer(std::string bytes, bool last) {
  if (phase_ != Phase::reading && phase_ != Phase::waiting) return;
  phase_ = Phase::writing;
  event_del(readable_.get());
  out_ = std::move(bytes);
  written_ = 0;
  last_ = last;
  if (last) reader_ = RequestReader{limits_.request};  // what came and what comes is not looked at any more
  if (!account()) {
    out_ = raw_problem(503, "too many bytes of requests and answers are held already");
    last_ = true;
    account();
  }
  set_deadline(limits_.write_time);
  write();
}

void FrontConnection::write() {
  while (written_ < out_.size()) {
    const auto sent = ::send(fd_.get(), out_.data() + written_, out_.size() - written_, MSG_NOSIGNAL);
    if (sent >= 0) {
      written_ += static_cast<std::size_t>(sent);
    } else if (errno == EAGAIN) {
      wait_for_room();
      return;
    } else if (errno != EINTR) {
      close();
      return;
    }
  }
  event_del(writable_.get());
  if (phase_ == Phase::streaming) {
    streamed();
  } else {
    answered();
  }
}

void FrontConnection::wait_for_room() {
  event_add(writable_.get(), nullptr);
  // It must take all that it was given within the time, not a byte now and then.
  const bool is_timed = event_pending(deadline_.get(), EV_TIMEOUT, nullptr) != 0;
  if (phase_ == Phase::streaming && !is_timed) set_deadline(limits_.stall_time);
}

bool FrontConnection::stream(std::string_view head) {
  if (phase_ != Phase::waiting) return false;
  phase_ = Phase::streaming;
  const int buffer = static_cast<int>(limits_.stream_buffer);  // the kernel is not to hold megabytes, either
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
  event_add(readable_.get(), nullptr);  // its end is how a watcher departs
  feed(head);
  return phase_ == Phase::streaming;
}

void FrontConnection::feed(std::string_view bytes) {
  if (phase_ != Phase::streaming) return;
  out_.erase(0, std::exchange(written_, 0));
  out_ += bytes;
  if (account()) {
    write();
  } else {
    owner_.on_stream_stalled(id_);
    close();
  }
}

void FrontConnection::streamed() {
  event_del(deadline_.get());
  out_.clear();
  written_ = 0;
  account();
  owner_.on_stream_room(id_);
}

void FrontConnection::answered() {
  out_.clear();
  out_.shrink_to_fit();
  account();
  if (last_) {
    linger();
    return;
  }
  phase_ = Phase::reading;
  reading_since_ = now();
  event_add(readable_.get(), nullptr);
  set_deadline(limits_.idle_time);
  next();
}

/// close(2) with unread input would be a reset, which can take the answer from the peer.
void FrontConnection::linger() {
  phase_ = Phase::lingering;
  ::shutdown(fd_.get(), SHUT_WR);
  event_add(readable_.get(), nullptr);
  set_deadline(limits_.linger_time);
}

void FrontConnection::discard() {
  std::array<char, kReadSize> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): recv fills it
  const auto got = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
  if (got > 0) discarded_ += static_cast<std::size_t>(got);
  const bool over = got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
  if (over || discarded_ > kMaxDiscarded) close();
}

void FrontConnection::close() {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  readable_.reset();
  writable_.reset();
  deadline_.reset();
  fd_.reset();
  owner_.on_closed(id_);
}

void FrontConnection::set_deadline(std::chrono::milliseconds time) {
  const timeval span{time.count() / 1000, time.count() % 1000 * 1000};
  event_add(deadline_.get(), &span);
}

/// Tells the budget how many bytes are held now. Growth may be refused, but not to who holds little: a short
/// request with a short answer is served however much the others hold.
bool FrontConnection::account() {
  const auto held = reader_.held() + out_.size();
  const auto wanted = held > limits_.request.head ? held : 0;
  if (!budget_.change(reserved_, wanted, phase_ == Phase::reading)) return false;
  reserved_ = wanted;
  return true;
}

}  // namespace tcpctl::api
