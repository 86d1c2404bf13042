// SPDX-License-Identifier: Apache-2.0
#include "tcp/sock_diag.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/fd.hpp"
#include "tcp/netlink.hpp"

namespace tcpctl::tcp {
namespace {

constexpr std::size_t kDatagramBytes = 32 * 1024;  // the kernel makes none larger

constexpr std::uint32_t bit(State state) { return 1U << static_cast<unsigned>(state); }
constexpr std::uint32_t kClosingStates = bit(State::fin_wait_1) | bit(State::fin_wait_2) |
                                         bit(State::closing) | bit(State::last_ack) | bit(State::time_wait);

struct Request {
  nlmsghdr head{};
  inet_diag_req_v2 what{};
};

/// A netlink error is a negative errno; the header of the request may follow it.
int error_of(ByteView payload) {
  int error = 0;
  if (payload.size() < sizeof error) return EPROTO;
  std::memcpy(&error, payload.data(), sizeof error);
  return -error;
}

tl::unexpected<Error> refused(int error) { return fail(Errc::io, "sock_diag: " + errno_text(error)); }

/// Sockets of IPv6 include those that speak IPv4 with v4-mapped addresses.
Result<void> ask(int fd, int family, std::uint32_t sequence) {
  Request request;
  request.head.nlmsg_len = sizeof request;
  request.head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.head.nlmsg_seq = sequence;
  request.what.sdiag_family = static_cast<std::uint8_t>(family);
  request.what.sdiag_protocol = IPPROTO_TCP;
  request.what.idiag_states = kClosingStates;
  if (::send(fd, &request, sizeof request, 0) < 0) return refused(errno);
  return {};
}

void wait_at_most(int fd, std::chrono::milliseconds patience) {
  const timeval timeout{patience.count() / 1000, static_cast<suseconds_t>(patience.count() % 1000 * 1000)};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
}

/// The sockets of one request under way.
class Dump {
 public:
  Dump(int fd, const DumpLimits& limits)
      : fd_{fd}, limits_{limits}, deadline_{now() + limits.patience}, buffer_(kDatagramBytes) {
    wait_at_most(fd, limits.patience);
  }

  Result<void> take(int family) {
    const std::uint32_t sequence = ++sequence_;
    if (auto asked = ask(fd_, family, sequence); !asked) return asked;
    while (true) {
      const auto [error, datagram] = netlink::receive(fd_, buffer_);
      if (error == EAGAIN || now() > deadline_) return fail(Errc::timed_out, "sock_diag: no answer in time");
      if (error == EINTR) continue;
      if (error != 0) return refused(error);
      const auto done = parse_dump(datagram, sequence, sockets_);
      if (!done) return tl::make_unexpected(done.error());
      if (*done) return {};
      if (sockets_.size() > limits_.most)
        return fail(Errc::limit_reached, "sock_diag: more closing sockets than are looked through");
    }
  }
  std::vector<ClosingSocket> sockets() && { return std::move(sockets_); }

 private:
  const int fd_;
  const DumpLimits limits_;
  const Instant deadline_;
  std::uint32_t sequence_{0};
  std::vector<char> buffer_;
  std::vector<ClosingSocket> sockets_;
};

}  // namespace

std::uint64_t read_cookie(int fd) {
  std::uint64_t cookie = 0;
  socklen_t length = sizeof cookie;
  return ::getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &length) == 0 ? cookie : 0;
}

Result<void> check_cookies() {
  std::uint64_t cookie = 0;
  socklen_t length = sizeof cookie;
  const Fd trial{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (::getsockopt(trial.get(), SOL_SOCKET, SO_COOKIE, &cookie, &length) != 0)
    return fail(Errc::io, "SO_COOKIE: " + errno_text(errno));
  return {};
}

ClosingSockets::ClosingSockets(std::vector<ClosingSocket> sockets, Instant as_of)
    : sockets_{std::move(sockets)}, as_of_{as_of} {
  std::ranges::sort(sockets_, {}, &ClosingSocket::cookie);
}

State ClosingSockets::state_of(std::uint64_t cookie) const {
  const auto found = std::ranges::lower_bound(sockets_, cookie, {}, &ClosingSocket::cookie);
  return found != sockets_.end() && found->cookie == cookie ? found->state : State::closed;
}

Result<bool> parse_dump(ByteView datagram, std::uint32_t sequence, std::vector<ClosingSocket>& sockets) {
  while (!datagram.empty()) {
    const auto message = netlink::take(datagram);
    if (!message) return refused(EBADMSG);
    if (message->sequence != sequence) continue;
    if (message->type == NLMSG_DONE || message->type == NLMSG_ERROR) {
      const int error = error_of(message->payload);
      if (error != 0) return refused(error);
      return true;
    }
    inet_diag_msg row{};
    if (message->type != SOCK_DIAG_BY_FAMILY) continue;
    if (message->payload.size() < sizeof row) return refused(EBADMSG);
    std::memcpy(&row, message->payload.data(), sizeof row);
    const std::uint64_t cookie = row.id.idiag_cookie[0] | std::uint64_t{row.id.idiag_cookie[1]} << 32U;
    sockets.push_back({cookie, static_cast<State>(row.idiag_state)});
  }
  return false;
}

Result<ClosingSockets> closing_sockets(const DumpLimits& limits) {
  const auto fd = netlink::open_sock_diag();
  if (!fd) return tl::make_unexpected(fd.error());
  const Instant begin = now();
  Dump dump{fd->get(), limits};
  for (const int family : {AF_INET, AF_INET6}) {
    if (auto taken = dump.take(family); !taken) return tl::make_unexpected(std::move(taken).error());
  }
  return ClosingSockets{std::move(dump).sockets(), begin};
}

}  // namespace tcpctl::tcp
