// SPDX-License-Identifier: Apache-2.0
#include "ctl/client.hpp"

#include <cctype>
#include <optional>

#include <httplib.h>

#include "ctl/terminal.hpp"

namespace tcpctl::ctl {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kConnectTimeout{5};
constexpr std::size_t kLargestAnswer = std::size_t{64} << 20U;

/// cpp-httplib's client on a socket that we connect, so that Unix sockets work and errno is known.
class Transport final : public httplib::ClientImpl {
 public:
  explicit Transport(const Host& host) : ClientImpl("localhost", 80), host_{host} {}
  [[nodiscard]] const std::optional<Failure>& failure() const { return failure_; }

 private:
  bool create_and_connect_socket(Socket& socket, httplib::Error& error) override {
    auto fd = connect_to(host_, kConnectTimeout);
    if (!fd) {
      failure_ = std::move(fd.error());
      error = httplib::Error::Connection;
      return false;
    }
    socket.sock = fd->release();
    return true;
  }

  const Host& host_;
  std::optional<Failure> failure_;
};

httplib::Request prepare(const Call& call, const Host& host, const std::string& token) {
  httplib::Request request;
  request.method = call.method;
  request.path = call.path;
  request.set_header("Host", host.header());
  request.set_header("User-Agent", "tcpctl/" TCPCTL_VERSION);
  request.set_header("Accept", call.accept);
  if (!token.empty()) request.set_header("Authorization", "Bearer " + token);
  if (!call.body.empty()) {
    request.set_header("Content-Type", "application/json");
    request.body = call.body;
  }
  for (const auto& [name, value] : call.headers) {
    request.headers.erase(name);
    request.set_header(name, value);
  }
  return request;
}

Failure lost(const Host& host, bool late, bool too_large, std::chrono::milliseconds patience) {
  const auto name = safe(host.text());
  if (too_large) return {Exit::unreachable, name + " answered with more than 64 MiB; narrow the question"};
  if (late) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience).count();
    return {Exit::unreachable, name + " did not answer within " + std::to_string(seconds) +
                                   "s; is the daemon stuck? journalctl -u tcpctld"};
  }
  return {Exit::unreachable, name + " closed the connection without an HTTP answer; check --host"};
}

}  // namespace

Answer<Reply> Client::ask(const Call& call) const {
  const auto deadline = Clock::now() + call.patience;
  Transport transport{host_};
  transport.set_read_timeout(call.patience);
  transport.set_write_timeout(call.patience);
  transport.set_url_encode(false);  // the path comes encoded
  transport.set_decompress(false);
  auto request = prepare(call, host_, token_);
  Reply reply;
  bool too_large = false;
  request.content_receiver = [&](const char* data, std::size_t length, std::uint64_t, std::uint64_t) {
    too_large = reply.body.size() + length > kLargestAnswer;
    if (too_large || Clock::now() > deadline) return false;
    reply.body.append(data, length);
    return true;
  };
  httplib::Response response;
  auto error = httplib::Error::Success;
  if (!transport.send(request, response, error)) {
    if (transport.failure()) return tl::make_unexpected(*transport.failure());
    return tl::make_unexpected(lost(host_, Clock::now() >= deadline, too_large, call.patience));
  }
  reply.status = response.status;
  reply.content_type = response.get_header_value("Content-Type");
  reply.headers.assign(response.headers.begin(), response.headers.end());
  return reply;
}

Answer<Reply> Client::request(const Call& call) const {
  auto reply = ask(call);
  if (reply && (reply->status < 200 || reply->status > 299)) {
    return tl::make_unexpected(explain(*reply, host_));
  }
  return reply;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
    if (letter || (byte >= '0' && byte <= '9') ||
        std::string_view{"-._~"}.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4U], kHex[byte & 0xFU]};
    }
  }
  // A segment of dots alone would be taken for a step up in the path.
  if (out == ".") return "%2E";
  return out == ".." ? "%2E%2E" : out;
}

Query& Query::add(std::string_view key, std::string_view value) {
  text_ += text_.empty() ? '?' : '&';
  text_ += percent_encoded(key) + "=" + percent_encoded(value);
  return *this;
}

}  // namespace tcpctl::ctl
