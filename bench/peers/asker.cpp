// SPDX-License-Identifier: Apache-2.0
// `ask`: asks tcpctld's API over its Unix socket, on one connection, so many times a second until stdin ends;
// then prints how many answers came. `answer`: is asked instead of the daemon, and does nothing else: what
// the asking by itself costs. Both say "ready" first.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <iostream>
#include <string>
#include <string_view>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "arguments.hpp"
#include "common.hpp"

namespace tcpctl::bench {
namespace {

constexpr std::string_view kUsage =
    "usage: asker ask --socket PATH [--path /v1/log/level] [--rate 2000]\n"
    "       asker answer --socket PATH\n";

sockaddr_un unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) die("--socket: too long");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

Fd connect_unix(const std::string& path) {
  const auto address = unix_address(path);
  Fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!fd || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) die(path);
  return fd;
}

/// Answers one connection after the other with as many bytes as the daemon has for such a request.
[[noreturn]] void answer_all(const std::string& path) {
  const auto address = unix_address(path);
  const Fd listener{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!listener || ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener.get(), 1) != 0) {
    die(path);
  }
  std::string answer{"HTTP/1.1 200 OK\r\n"};
  answer.resize(300, ' ');
  std::cout << "ready" << std::endl;
  std::array<char, 4096> request{};
  while (true) {
    const Fd peer{::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    if (!peer) die("accept");
    while (::recv(peer.get(), request.data(), request.size(), 0) > 0) {
      if (::send(peer.get(), answer.data(), answer.size(), MSG_NOSIGNAL) < 0) break;
    }
  }
}

/// True once stdin has ended; else after `wait` ns.
bool ends_within(std::int64_t wait) {
  pollfd input{.fd = 0, .events = POLLIN, .revents = 0};
  const timespec time{.tv_sec = 0, .tv_nsec = wait};
  return ::ppoll(&input, 1, &time, nullptr) > 0;
}

/// One request; the answers of these paths come in one piece.
void ask(int fd, std::string_view request) {
  std::array<char, 65536> answer{};
  if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
    die("send");
  const auto length = ::recv(fd, answer.data(), answer.size(), 0);
  if (length <= 0) die("recv");
  if (!std::string_view{answer.data(), static_cast<std::size_t>(length)}.starts_with("HTTP/1.1 200")) {
    errno = 0;
    die("the API refused a request");
  }
}

std::uint64_t run(int fd, const std::string& request, std::int64_t gap) {
  const auto began = now_ns();
  std::uint64_t asked = 0;
  while (true) {
    const auto due = began + static_cast<std::int64_t>(asked) * gap;
    if (ends_within(std::max<std::int64_t>(due - now_ns(), 0))) return asked;
    ask(fd, request);
    ++asked;
  }
}

}  // namespace
}  // namespace tcpctl::bench

int main(int argc, char** argv) {
  using namespace tcpctl::bench;
  const Arguments arguments{
      argc, argv, {{"socket", ""}, {"path", "/v1/log/level"}, {"rate", "2000"}}, kUsage};
  const auto rate = arguments.number("rate");
  if (rate == 0 || rate > 1'000'000) arguments.refuse("--rate: 1 to 1000000");
  if (arguments.word() == "answer") answer_all(arguments.text("socket"));
  if (arguments.word() != "ask") arguments.refuse("ask or answer");
  const auto fd = connect_unix(arguments.text("socket"));
  std::cout << "ready" << std::endl;
  std::cout << run(fd.get(), "GET " + arguments.text("path") + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
                   1'000'000'000 / static_cast<std::int64_t>(rate))
            << std::endl;
  return 0;
}
