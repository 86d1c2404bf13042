// SPDX-License-Identifier: Apache-2.0
#include "tcp/socket.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <vector>

#include <fmt/format.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "tcp/info.hpp"

namespace tcpctl::tcp {
namespace {

Result<void> set(int fd, int level, int name, int value, const char* what) {
  if (::setsockopt(fd, level, name, &value, sizeof value) == 0) return {};
  return fail(Errc::io, std::string{what} + ": " + errno_text(errno));
}

std::size_t queue_length(int fd, unsigned long which) {
  int bytes = 0;
  if (::ioctl(fd, which, &bytes) != 0 || bytes < 0) return 0;
  return static_cast<std::size_t>(bytes);
}

Result<void> set_congestion(const std::string& name, int fd) {
  if (::setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name.data(), static_cast<socklen_t>(name.size())) == 0)
    return {};
  return fail(Errc::io,
              fmt::format("congestion '{}': {}; see `sysctl net.ipv4.tcp_available_congestion_control`", name,
                          errno_text(errno)));
}

struct Switch {
  int level, name;
  const char* what;
};

Result<void> copy(int from, int to, const Switch& option) {
  int value = 0;
  socklen_t length = sizeof value;
  if (::getsockopt(from, option.level, option.name, &value, &length) != 0)
    return fail(Errc::io, std::string{option.what} + ": " + errno_text(errno));
  return set(to, option.level, option.name, value, option.what);
}

int whole_seconds(std::chrono::seconds duration) { return static_cast<int>(duration.count()); }

Result<void> apply_keepalive(const Options::Keepalive& keepalive, int fd) {
  return set(fd, SOL_SOCKET, SO_KEEPALIVE, 1, "SO_KEEPALIVE")
      .and_then(
          [&] { return set(fd, IPPROTO_TCP, TCP_KEEPIDLE, whole_seconds(keepalive.idle), "keepalive.idle"); })
      .and_then([&] {
        return set(fd, IPPROTO_TCP, TCP_KEEPINTVL, whole_seconds(keepalive.interval), "keepalive.interval");
      })
      .and_then([&] { return set(fd, IPPROTO_TCP, TCP_KEEPCNT, keepalive.probes, "keepalive.probes"); });
}

/// The port is left for connect(2) to choose, so that one port serves connections to many places.
Result<void> bind_source(const Address& source, int fd) {
  if (auto done = set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1, "IP_BIND_ADDRESS_NO_PORT"); !done)
    return done;
  sockaddr_storage storage{};
  const socklen_t length = source.to(storage);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&storage), length) == 0) return {};
  return fail(Errc::io, fmt::format("source_address {}: {}", source.host(), errno_text(errno)));
}

Result<void> bind_to_interface(const std::string& name, int fd) {
  if (::setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name.data(), static_cast<socklen_t>(name.size())) == 0)
    return {};
  return fail(Errc::io, fmt::format("interface '{}': {}", name, errno_text(errno)));
}

Result<void> bind_locally(const Options& options, int fd) {
  if (!options.interface.empty()) {
    if (auto done = bind_to_interface(options.interface, fd); !done) return done;
  }
  return options.source ? bind_source(*options.source, fd) : Result<void>{};
}

}  // namespace

bool is_resource_shortage(int error_number) {
  return error_number == EMFILE || error_number == ENFILE || error_number == ENOBUFS ||
         error_number == ENOMEM;
}

Result<void> apply(const Options& options, int fd) {
  if (options.keepalive) {
    if (auto done = apply_keepalive(*options.keepalive, fd); !done) return done;
  }
  if (options.user_timeout) {
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(*options.user_timeout).count();
    const int value = static_cast<int>(std::min<std::int64_t>(ms, INT_MAX));
    if (auto done = set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, value, "user_timeout"); !done) return done;
  }
  return options.congestion.empty() ? Result<void>{} : set_congestion(options.congestion, fd);
}

Result<void> apply_anew(const Options& options, int fd) {
  const Fd fresh{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};  // both families have the same
  if (!fresh) return fail(Errc::io, "socket: " + errno_text(errno));
  std::vector<Switch> open;
  if (!options.keepalive) {
    open = {{SOL_SOCKET, SO_KEEPALIVE, "SO_KEEPALIVE"},
            {IPPROTO_TCP, TCP_KEEPIDLE, "keepalive.idle"},
            {IPPROTO_TCP, TCP_KEEPINTVL, "keepalive.interval"},
            {IPPROTO_TCP, TCP_KEEPCNT, "keepalive.probes"}};
  }
  if (!options.user_timeout) open.push_back({IPPROTO_TCP, TCP_USER_TIMEOUT, "user_timeout"});
  for (const Switch& option : open) {
    if (auto done = copy(fresh.get(), fd, option); !done) return done;
  }
  if (options.congestion.empty()) {
    if (auto done = set_congestion(read_congestion(fresh.get()), fd); !done) return done;
  }
  return apply(options, fd);
}

void set_nodelay(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void set_abort_on_close(int fd) {
  const linger at_once{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

int take_error(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) return errno;
  return error;
}

std::size_t unacknowledged(int fd) { return queue_length(fd, SIOCOUTQ); }

std::size_t unsent(int fd) { return queue_length(fd, SIOCOUTQNSD); }

Address local_address(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return {};
  return Address::from(storage, length);
}

Address remote_address(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return {};
  return Address::from(storage, length);
}

Result<Connecting> connect_to(const Address& address, const Options& options) {
  if (is_own(address)) return fail(Errc::conflict, address.text() + " is the daemon's own API");
  Fd fd{::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!fd) {
    const int error = errno;
    return fail(is_resource_shortage(error) ? Errc::unavailable : Errc::io, "socket: " + errno_text(error));
  }
  if (!address.is_unix()) {
    auto done = apply(options, fd.get()).and_then([&] { return bind_locally(options, fd.get()); });
    if (!done) return tl::make_unexpected(std::move(done).error());
    if (options.nodelay) set_nodelay(fd.get());
  }
  sockaddr_storage storage{};
  const socklen_t length = address.to(storage);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&storage), length) == 0 || errno == EINPROGRESS) {
    return Connecting{std::move(fd), 0};
  }
  // A full backlog of a Unix socket answers EAGAIN: nothing will tell when there is room, so it counts as
  // refused.
  return Connecting{std::move(fd), errno == EAGAIN ? ECONNREFUSED : errno};
}

}  // namespace tcpctl::tcp
