// SPDX-License-Identifier: Apache-2.0
#include "ctl/host.hpp"

#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/error.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl {
namespace {

constexpr std::string_view kHostForms = "write unix:PATH or http://HOST:PORT";

tl::unexpected<Failure> bad_host(std::string_view text, const std::string& why) {
  return refuse(Exit::usage, "host '" + safe(text) + "': " + why + "; " + std::string{kHostForms});
}

Answer<Host> parse_unix(std::string_view text) {
  Host host;
  host.path = text.substr(std::string_view{"unix:"}.size());
  if (host.path.empty()) return bad_host(text, "the path is missing");
  if (host.path.size() >= sizeof(sockaddr_un::sun_path)) {
    return bad_host(text, "a socket's path has at most 107 bytes");
  }
  if (host.path.find('\0') != std::string::npos) return bad_host(text, "the path holds a NUL byte");
  return host;
}

bool is_host_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view{"-._:%"}.find(c) != std::string_view::npos;
}

Answer<Host> parse_http(std::string_view text) {
  auto rest = text.substr(std::string_view{"http://"}.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  const auto colon = rest.rfind(':');
  if (colon == std::string_view::npos || rest.ends_with(']')) return bad_host(text, "the port is missing");
  const auto port = rest.substr(colon + 1);
  auto name = rest.substr(0, colon);
  Host host;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), host.port);
  if (error != std::errc{} || end != port.data() + port.size() || host.port < 1 || host.port > 65535) {
    return bad_host(text, "the port is not 1 .. 65535");
  }
  const bool bracketed = name.starts_with('[') && name.ends_with(']');
  if (bracketed) name = name.substr(1, name.size() - 2);
  if (name.empty()) return bad_host(text, "the host is missing");
  if (!bracketed && name.find(':') != std::string_view::npos) {
    return bad_host(text, "an IPv6 address stands in brackets");
  }
  for (const char c : name) {
    if (!is_host_character(c)) return bad_host(text, "that is no host name");
  }
  host.name = name;
  return host;
}

std::string words(int error) {
  if (error == ENOENT) return "no such file";
  if (error == EAGAIN || error == EINPROGRESS) return "no answer in time";
  auto text = errno_text(error);
  if (!text.empty()) text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

tl::unexpected<Failure> cannot_reach(const Host& host, int error) {
  const auto what = "cannot reach " + safe(host.text()) + ": " + words(error);
  if (error == EACCES || error == EPERM) {
    return refuse(Exit::not_allowed, what + "; add yourself to the group tcpctl or use sudo");
  }
  const std::string_view where =
      host.is_unix() ? "is tcpctld running?" : "is tcpctld running, with this api.http?";
  return refuse(Exit::unreachable, what + "; " + std::string{where} + " systemctl status tcpctld");
}

Answer<Fd> connect_unix(const Host& host, std::chrono::milliseconds timeout) {
  Fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!fd) return cannot_reach(host, errno);
  // connect(2) on a Unix socket waits while the accept queue is full; the send timeout bounds that wait.
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
  const auto rest = std::chrono::duration_cast<std::chrono::microseconds>(timeout - seconds);
  const timeval bound{.tv_sec = seconds.count(), .tv_usec = rest.count()};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof bound);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, host.path.c_str(), host.path.size() + 1);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return cannot_reach(host, errno);
  }
  return fd;
}

/// 0, or the errno why `address` does not answer.
int connect_one(const addrinfo& address, std::chrono::milliseconds timeout, Fd& connected) {
  Fd fd{::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!fd) return errno;
  if (::connect(fd.get(), address.ai_addr, address.ai_addrlen) != 0) {
    if (errno != EINPROGRESS) return errno;
    pollfd wait{.fd = fd.get(), .events = POLLOUT, .revents = 0};
    if (::poll(&wait, 1, static_cast<int>(timeout.count())) <= 0) return ETIMEDOUT;
    int error = 0;
    socklen_t length = sizeof error;
    ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) return error;
  }
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) & ~O_NONBLOCK);
  connected = std::move(fd);
  return 0;
}

struct AddressesFree {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

Answer<Fd> connect_tcp(const Host& host, std::chrono::milliseconds timeout) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int failed = ::getaddrinfo(host.name.c_str(), std::to_string(host.port).c_str(), &hints, &list);
  const std::unique_ptr<addrinfo, AddressesFree> addresses{list};
  if (failed != 0) {
    return refuse(Exit::unreachable, "cannot reach " + safe(host.text()) + ": no address for '" +
                                         safe(host.name) + "' (" + ::gai_strerror(failed) +
                                         "); check --host");
  }
  int error = EHOSTUNREACH;
  for (const auto* each = addresses.get(); each != nullptr; each = each->ai_next) {
    Fd fd;
    error = connect_one(*each, timeout, fd);
    if (error == 0) return fd;
  }
  return cannot_reach(host, error);
}

}  // namespace

std::string Host::header() const {
  if (is_unix()) return "localhost";
  const bool ipv6 = name.find(':') != std::string::npos;
  return (ipv6 ? "[" + name + "]" : name) + ":" + std::to_string(port);
}

std::string Host::text() const { return is_unix() ? "unix:" + path : "http://" + header(); }

Answer<Host> parse_host(std::string_view text) {
  if (text.starts_with("unix:")) return parse_unix(text);
  if (text.starts_with("http://")) return parse_http(text);
  if (text.starts_with("https://")) return bad_host(text, "the daemon speaks plain HTTP on loopback alone");
  return bad_host(text, "the kind of host is missing");
}

Answer<Fd> connect_to(const Host& host, std::chrono::milliseconds timeout) {
  return host.is_unix() ? connect_unix(host, timeout) : connect_tcp(host, timeout);
}

}  // namespace tcpctl::ctl
