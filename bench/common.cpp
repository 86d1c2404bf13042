// SPDX-License-Identifier: Apache-2.0
#include "common.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>

namespace tcpctl::bench {
namespace {

constexpr int kBacklog = 4096;
constexpr timeval kBlockingLimit{.tv_sec = 10, .tv_usec = 0};

void set_flag(int fd, int level, int option) {
  const int on = 1;
  if (::setsockopt(fd, level, option, &on, sizeof on) != 0) die("setsockopt");
}

const sockaddr* generic(const sockaddr_in& address) { return reinterpret_cast<const sockaddr*>(&address); }

Fd tcp_socket(int flags) {
  Fd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0)};
  if (!fd) die("socket");
  set_flag(fd.get(), IPPROTO_TCP, TCP_NODELAY);
  return fd;
}

std::vector<std::uint8_t> make_pattern() {
  std::vector<std::uint8_t> bytes(Pattern::kPeriod + Pattern::kMaxChunk);
  std::mt19937 random{2006};  // any fixed seed: both ends must draw the same bytes
  const auto period = bytes.begin() + Pattern::kPeriod;
  std::generate(bytes.begin(), period, [&random] { return static_cast<std::uint8_t>(random()); });
  for (auto i = Pattern::kPeriod; i < bytes.size(); ++i) bytes[i] = bytes[i - Pattern::kPeriod];
  return bytes;
}

}  // namespace

void die(const std::string& what) {
  const int error = errno;
  std::fprintf(stderr, "%s%s%s\n", what.c_str(), error != 0 ? ": " : "",
               error != 0 ? std::strerror(error) : "");
  std::_Exit(EXIT_FAILURE);  // other threads may still run: nothing is to be destroyed under them
}

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

sockaddr_in parse_address(const std::string& text) {
  const auto colon = text.rfind(':');
  sockaddr_in address{};
  address.sin_family = AF_INET;
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  errno = 0;
  if (colon == std::string::npos ||
      ::inet_pton(AF_INET, text.substr(0, colon).c_str(), &address.sin_addr) != 1 ||
      std::from_chars(text.data() + colon + 1, end, port).ptr != end || port == 0) {
    die("'" + text + "' is not an address of the form 127.0.0.1:9000");
  }
  address.sin_port = htons(port);
  return address;
}

Fd listen_on(const sockaddr_in& address) {
  Fd fd = tcp_socket(SOCK_NONBLOCK);
  set_flag(fd.get(), SOL_SOCKET, SO_REUSEADDR);
  set_flag(fd.get(), SOL_SOCKET, SO_REUSEPORT);
  if (::bind(fd.get(), generic(address), sizeof address) != 0) die("bind");
  if (::listen(fd.get(), kBacklog) != 0) die("listen");
  return fd;
}

Fd begin_connect(const sockaddr_in& address) {
  Fd fd = tcp_socket(SOCK_NONBLOCK);
  if (::connect(fd.get(), generic(address), sizeof address) != 0 && errno != EINPROGRESS) fd.reset();
  return fd;
}

Fd connect_blocking(const sockaddr_in& address) {
  Fd fd = tcp_socket(0);
  for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO}) {
    if (::setsockopt(fd.get(), SOL_SOCKET, option, &kBlockingLimit, sizeof kBlockingLimit) != 0)
      die("setsockopt");
  }
  if (::connect(fd.get(), generic(address), sizeof address) != 0) die("connect");
  return fd;
}

bool send_all(int fd, std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const auto n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

bool receive_all(int fd, std::span<std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const auto n = ::recv(fd, bytes.data(), bytes.size(), 0);
    if (n <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

void set_nonblocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) die("fcntl");
}

void reset_on_close(int fd) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  if (::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) != 0) die("setsockopt");
}

void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) die("getrlimit");
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) die("setrlimit");
}

void run_threads(unsigned count, const std::function<void(unsigned)>& body) {
  std::vector<std::jthread> threads;
  threads.reserve(count);
  for (unsigned i = 0; i < count; ++i) threads.emplace_back([&body, i] { body(i); });
}

std::span<const std::uint8_t> Pattern::at(std::uint64_t position, std::size_t length) {
  static const std::vector<std::uint8_t> bytes = make_pattern();
  return std::span{bytes}.subspan(static_cast<std::size_t>(position % kPeriod), std::min(length, kMaxChunk));
}

bool Pattern::matches(std::uint64_t position, std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const auto expected = at(position, bytes.size());
    if (std::memcmp(expected.data(), bytes.data(), expected.size()) != 0) return false;
    position += expected.size();
    bytes = bytes.subspan(expected.size());
  }
  return true;
}

}  // namespace tcpctl::bench
