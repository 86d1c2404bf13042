// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "api/ask.hpp"
#include "base/address.hpp"
#include "base/fd.hpp"

namespace tcpctl::test {

/// A client that sends whatever bytes it is told to. A minute without an answer ends a test that hangs.
class RawClient {
 public:
  explicit RawClient(const Address& address)
      : fd_{::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    const timeval patience{60, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_storage storage{};
    const auto length = address.to(storage);
    connected_ = ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&storage), length) == 0;
  }

  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] int fd() const { return fd_.get(); }
  void send(const std::string& bytes) {
    for (std::size_t at = 0; at < bytes.size();) {
      const auto sent = ::send(fd_.get(), bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
      if (sent <= 0) return;
      at += static_cast<std::size_t>(sent);
    }
  }
  void finish() { ::shutdown(fd_.get(), SHUT_WR); }

  /// The next answer, framed by its Content-Length; status 0 if the connection ended instead.
  Response response(bool head = false) {
    while (buffer_.find("\r\n\r\n") == std::string::npos) {
      if (!receive()) return {};
    }
    const auto head_size = buffer_.find("\r\n\r\n") + 4;
    auto response = take_apart(buffer_.substr(0, head_size));
    const auto length = response.header("Content-Length");
    const auto size = head_size + (head || length.empty() ? 0 : std::stoul(length));
    while (buffer_.size() < size) {
      if (!receive()) return {};
    }
    response.body = buffer_.substr(head_size, size - head_size);
    buffer_.erase(0, size);
    return response;
  }
  Response get(const std::string& target) {
    send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    return response();
  }
  /// Reads until the end of the connection; whether that was a FIN after the last answer.
  bool ends_clean() {
    while (receive()) {
    }
    return last_ == 0 && buffer_.empty();
  }

 private:
  bool receive() {
    std::array<char, 65536> part{};
    do last_ = ::recv(fd_.get(), part.data(), part.size(), 0);
    while (last_ < 0 && errno == EINTR);  // as after a stop, for it has a timeout
    if (last_ <= 0) return false;
    buffer_.append(part.data(), static_cast<std::size_t>(last_));
    return true;
  }

  Fd fd_;
  bool connected_{false};
  ssize_t last_{0};
  std::string buffer_;
};

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tcpctl-test-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace tcpctl::test
