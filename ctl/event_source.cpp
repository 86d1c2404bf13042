// SPDX-License-Identifier: Apache-2.0
#include "ctl/event_source.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>
#include <utility>

#include <poll.h>
#include <sys/socket.h>

#include "ctl/client.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl {
namespace {

constexpr std::chrono::seconds kConnectTimeout{5};
constexpr std::size_t kLargestHead = std::size_t{64} * 1024;  // and of an answer that is no stream
constexpr std::string_view kHeadEnd = "\r\n\r\n";

Failure unreachable(const Host& host, const std::string& what) {
  return {Exit::unreachable, safe(host.text()) + " " + what};
}

/// "HTTP/1.1 200 OK" -> 200; 0 if it is no HTTP.
int status_of(std::string_view head) {
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  int status = 0;
  if (head.starts_with(kVersion)) {
    head.remove_prefix(kVersion.size());
    std::from_chars(head.data(), head.data() + std::min<std::size_t>(head.size(), 3), status);
  }
  return status;
}

/// Of what may pass: too many streams, a loop that is busy, a daemon that stops.
bool may_pass(int status) { return status == 503 || status == 504; }

tl::unexpected<Failure> no_events(const Host& host) {
  return refuse(Exit::failed, safe(host.text()) + " sends no events; is that tcpctld? check --host");
}

/// What may stand in a header; the daemon's are numbers.
bool is_id(std::string_view id) {
  constexpr std::size_t kLongestId = 20;
  return !id.empty() && id.size() <= kLongestId &&
         std::all_of(id.begin(), id.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// Bytes that came; nothing at the end of the connection.
std::string receive(int fd) {
  std::array<char, 16384> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): recv fills it
  ssize_t got = 0;
  do {
    got = ::recv(fd, buffer.data(), buffer.size(), 0);
  } while (got < 0 && errno == EINTR);
  return got > 0 ? std::string{buffer.data(), static_cast<std::size_t>(got)} : std::string{};
}

}  // namespace

Answer<void> EventSource::run() {
  while (true) {
    const auto end = run_once();
    if (end && *end == End::unwanted) return {};
    const bool is_final = !end && (!was_up_ || end.error().exit != Exit::unreachable);
    if (is_final) return tl::make_unexpected(end.error());
    if (!std::exchange(told_, true))
      wishes_.lost(end ? safe(host_.text()) + " closed the stream" : end.error().line);
    if (wait(-1, pause_) == Ready::unwanted) return {};
  }
}

EventSource::Ready EventSource::wait(int fd, std::chrono::milliseconds time) const {
  if (!wishes_.is_wanted()) return Ready::unwanted;
  std::array<pollfd, 2> watched{
      {{.fd = fd, .events = POLLIN, .revents = 0}, {.fd = wishes_.watched, .events = 0, .revents = 0}}};
  const auto until = std::chrono::steady_clock::now() + time;
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() < 0) return Ready::nothing;
    const int ready = ::poll(watched.data(), watched.size(), static_cast<int>(left.count()));
    if (ready < 0 && errno == EINTR) continue;
    if ((watched[1].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) return Ready::unwanted;
    return ready > 0 ? Ready::readable : Ready::nothing;
  }
}

Answer<void> EventSource::send_request(int fd) const {
  std::string request = "GET " + wishes_.path + " HTTP/1.1\r\nHost: " + host_.header() +
                        "\r\nUser-Agent: tcpctl/" TCPCTL_VERSION +
                        "\r\nAccept: text/event-stream\r\nConnection: close\r\n";
  if (!wishes_.token.empty()) request += "Authorization: Bearer " + wishes_.token + "\r\n";
  if (!last_id_.empty()) request += "Last-Event-ID: " + last_id_ + "\r\n";
  request += "\r\n";
  for (std::string_view rest = request; !rest.empty();) {
    const auto sent = ::send(fd, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return tl::make_unexpected(unreachable(host_, "closed the connection; check --host"));
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Answer<EventSource::End> EventSource::run_once() {
  const auto fd = connect_to(host_, kConnectTimeout);
  if (!fd) return tl::make_unexpected(fd.error());
  if (auto sent = send_request(fd->get()); !sent) return tl::make_unexpected(sent.error());
  std::string answer;
  while (answer.size() < kLargestHead) {
    const auto ready = wait(fd->get(), wishes_.patience);
    if (ready == Ready::unwanted) return End::unwanted;
    const auto piece = ready == Ready::readable ? receive(fd->get()) : std::string{};
    answer += piece;
    const auto end = answer.find(kHeadEnd);
    const int status = status_of(answer);
    if (end != std::string::npos && status == 200) {
      if (answer.find("text/event-stream") > end) return no_events(host_);
      return read_stream(fd->get(), std::string_view{answer}.substr(end + kHeadEnd.size()));
    }
    if (!piece.empty()) continue;
    if (end == std::string::npos || status == 0) break;
    auto refused = explain({status, "", answer.substr(end + kHeadEnd.size())}, host_);
    if (may_pass(status) && was_up_) refused.exit = Exit::unreachable;
    return tl::make_unexpected(std::move(refused));
  }
  return tl::make_unexpected(unreachable(host_, "gave no HTTP answer; check --host"));
}

Answer<EventSource::End> EventSource::read_stream(int fd, std::string_view first) {
  EventStream stream{wishes_.listener};
  std::string piece{first};
  was_up_ = true;
  told_ = false;
  while (true) {
    const bool is_stream = stream.feed(piece);
    if (is_id(stream.last_id())) last_id_ = stream.last_id();
    if (!stream.first_id().empty() && !std::exchange(begun_, true)) wishes_.begun(stream.first_id());
    if (stream.retry()) pause_ = *stream.retry();
    if (!is_stream) return no_events(host_);
    const auto ready = wait(fd, wishes_.patience);
    if (ready == Ready::unwanted) return End::unwanted;
    if (ready == Ready::nothing) return End::lost;
    piece = receive(fd);
    if (piece.empty()) return End::lost;
  }
}

}  // namespace tcpctl::ctl
