// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.hpp"

namespace tcpctl::ctl::test {

/// What the fake answers to one request line.
struct Canned {
  int status{200};
  std::string body;
  std::string type{"application/json"};
};

/// An answer of RFC 9457.
inline Canned problem(int status, const std::string& detail, const std::string& more = "") {
  return {status,
          R"({"type": "about:blank", "title": "T", "status": )" + std::to_string(status) +
              R"(, "detail": ")" + detail + "\"" + more + "}",
          "application/problem+json"};
}

/// A daemon that gives prepared answers over a Unix socket, or over TCP on a free port, one connection at a
/// time. What it was asked is kept. Whatever has no answer is 404.
class FakeDaemon {
 public:
  enum class Over { unix_socket, tcp };

  explicit FakeDaemon(Over over = Over::unix_socket) : stop_{::eventfd(0, EFD_CLOEXEC)} {
    over == Over::tcp ? listen_tcp() : listen_unix();
    thread_ = std::thread{[this] { serve(); }};
  }
  FakeDaemon(const FakeDaemon&) = delete;
  FakeDaemon& operator=(const FakeDaemon&) = delete;
  ~FakeDaemon() {
    const std::uint64_t one = 1;
    (void)!::write(stop_.get(), &one, sizeof one);
    thread_.join();
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  /// `request` is a method and a path with its query: "GET /v1/status".
  void answer(const std::string& request, Canned canned) {
    const std::lock_guard lock{mutex_};
    answers_[request] = std::move(canned);
  }
  void answer(const std::string& request, const std::string& json) { answer(request, Canned{200, json}); }
  /// One after the other, and the last for good.
  void answer_in_turn(const std::string& request, std::vector<Canned> answers) {
    const std::lock_guard lock{mutex_};
    turns_[request] = std::move(answers);
  }
  void answer_in_turn(const std::string& request, const std::vector<std::string>& jsons) {
    std::vector<Canned> answers;
    for (const auto& json : jsons) answers.push_back(Canned{200, json});
    answer_in_turn(request, std::move(answers));
  }
  /// Instead of an HTTP answer these bytes, as they are.
  void answer_raw(const std::string& request, const std::string& bytes) {
    const std::lock_guard lock{mutex_};
    raw_[request] = bytes;
  }

  /// Answers `request` only once `until` was asked for this often.
  void hold_back(const std::string& request, const std::string& until, std::ptrdiff_t times) {
    const std::lock_guard lock{mutex_};
    held_back_ = HeldBack{request, until, times, {}, {}};
  }

  [[nodiscard]] const std::string& host() const { return host_; }
  /// The request lines, without the version.
  [[nodiscard]] std::vector<std::string> asked() const {
    const std::lock_guard lock{mutex_};
    return asked_;
  }
  /// Of each request, head and body.
  [[nodiscard]] std::vector<std::string> requests() const {
    const std::lock_guard lock{mutex_};
    return requests_;
  }
  /// The last request, head and body.
  [[nodiscard]] std::string last() const {
    const std::lock_guard lock{mutex_};
    return last_;
  }

 private:
  struct HeldBack {
    std::string request, until;
    std::ptrdiff_t times{0};
    Fd peer{};
    std::string text{};
  };

  void listen_unix() {
    std::string folder = std::filesystem::temp_directory_path() / "tcpctl-fake-XXXXXX";
    folder_ = ::mkdtemp(folder.data());
    listener_ = Fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const auto path = folder_ + "/api.sock";
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    start(reinterpret_cast<const sockaddr*>(&address), sizeof address);
    host_ = "unix:" + path;
  }

  void listen_tcp() {
    listener_ = Fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    start(reinterpret_cast<const sockaddr*>(&address), sizeof address);
    socklen_t length = sizeof address;
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &length);
    host_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }

  void start(const sockaddr* address, socklen_t length) {
    if (::bind(listener_.get(), address, length) != 0 || ::listen(listener_.get(), 16) != 0) std::abort();
  }

  void serve() {
    while (true) {
      pollfd wait[2] = {{.fd = listener_.get(), .events = POLLIN, .revents = 0},
                        {.fd = stop_.get(), .events = POLLIN, .revents = 0}};
      ::poll(wait, 2, -1);
      if (wait[1].revents != 0) return;
      Fd peer{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
      if (!peer) continue;
      const auto request = read_request(peer.get());
      const auto line = request.substr(0, request.find("\r\n"));
      const auto asked = line.substr(0, line.rfind(' '));
      if (!hold(peer, asked, request)) serve_one(peer.get(), asked, request);
      if (const auto due = take_due(); due.peer) serve_one(due.peer.get(), due.request, due.text);
    }
  }

  bool hold(Fd& peer, const std::string& asked, const std::string& request) {
    const std::lock_guard lock{mutex_};
    if (asked != held_back_.request) return false;
    held_back_.peer = std::move(peer);
    held_back_.text = request;
    return true;
  }

  HeldBack take_due() {
    const std::lock_guard lock{mutex_};
    if (!held_back_.peer || std::ranges::count(asked_, held_back_.until) < held_back_.times) return {};
    return {held_back_.request, held_back_.until, held_back_.times, std::move(held_back_.peer),
            held_back_.text};
  }

  void serve_one(int fd, const std::string& asked, const std::string& request) {
    std::string reply;
    {
      const std::lock_guard lock{mutex_};
      asked_.push_back(asked);
      last_ = request;
      requests_.push_back(request);
      take_turn(asked);
      reply = raw_.contains(asked)
                  ? raw_[asked]
                  : http(answers_.contains(asked) ? answers_[asked] : problem(404, "nothing"));
    }
    for (std::string_view left = reply; !left.empty();) {
      const auto written = ::send(fd, left.data(), left.size(), MSG_NOSIGNAL);
      if (written <= 0) return;
      left.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  void take_turn(const std::string& asked) {
    const auto found = turns_.find(asked);
    if (found == turns_.end() || found->second.empty()) return;
    answers_[asked] = found->second.front();
    found->second.erase(found->second.begin());
  }

  static std::string http(const Canned& canned) {
    return "HTTP/1.1 " + std::to_string(canned.status) + " X\r\nContent-Type: " + canned.type +
           "\r\nContent-Length: " + std::to_string(canned.body.size()) + "\r\nConnection: close\r\n\r\n" +
           canned.body;
  }

  static std::string read_request(int fd) {
    std::string request;
    char buffer[4096];
    while (request.size() < wanted(request)) {
      const auto count = ::recv(fd, buffer, sizeof buffer, 0);
      if (count <= 0) break;
      request.append(buffer, static_cast<std::size_t>(count));
    }
    return request;
  }

  /// How long a request will be, as far as its head tells.
  static std::size_t wanted(const std::string& request) {
    const auto end = request.find("\r\n\r\n");
    if (end == std::string::npos) return SIZE_MAX;
    constexpr std::string_view kLength = "Content-Length: ";
    const auto length = request.find(kLength);
    std::size_t body = 0;
    if (length < end) {
      const auto* digits = request.data() + length + kLength.size();
      std::from_chars(digits, request.data() + end, body);
    }
    return end + 4 + body;
  }

  mutable std::mutex mutex_;
  HeldBack held_back_;
  std::map<std::string, Canned> answers_;
  std::map<std::string, std::string> raw_;
  std::map<std::string, std::vector<Canned>> turns_;
  std::vector<std::string> asked_, requests_;
  std::string last_;
  std::string folder_, host_;
  Fd listener_;
  Fd stop_;
  std::thread thread_;
};

}  // namespace tcpctl::ctl::test
