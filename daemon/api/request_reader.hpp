// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "api/http_request.hpp"

namespace tcpctl::api {

/// What a request may have at most. Units: bytes; a count for `headers`.
struct RequestLimits {
  std::size_t head{16 * 1024};
  std::size_t target{2 * 1024};
  std::size_t body{1024 * 1024};
  std::size_t headers{64};
};

/// Cuts a stream of bytes into requests and refuses whatever could be read in two ways.
///
/// Strict on purpose (RFC 9112 where it says MUST or leaves the choice): CRLF only, one Host, one plain
/// Content-Length, no Transfer-Encoding, no folded headers, origin-form targets. So nobody behind or before
/// us can see other request borders than we do.
/// Threads: a plain value of its connection.
class RequestReader {
 public:
  explicit RequestReader(RequestLimits limits = {}) : limits_{limits} {}

  enum class State : std::uint8_t {
    idle,     // nothing of a next request has come
    partial,  // some of it
    ready,    // take it
    refused,  // answer `refusal` and close: the rest of the stream means nothing
  };
  struct Refusal {
    int status;
    std::string detail;
  };

  State feed(std::string_view bytes);
  /// The request that is `ready`. What came after it is looked at, so `state` is then of the next one.
  [[nodiscard]] HttpRequest take();

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] const Refusal& refusal() const { return refusal_; }
  /// Bytes held, for a budget over all connections.
  [[nodiscard]] std::size_t held() const { return buffer_.size() + request_.body.size(); }

 private:
  void advance();
  void look_for_head();
  void look_for_body();
  bool parse_head(std::string_view head);
  bool parse_request_line(std::string_view line);
  bool parse_header(std::string_view line);
  bool check_headers();
  bool check_length();
  bool refuse(int status, std::string detail);

  RequestLimits limits_;
  State state_{State::idle};
  std::string buffer_;
  std::size_t scanned_{0};  // no end of head before this offset
  bool in_body_{false};
  std::size_t body_size_{0};
  HttpRequest request_;
  Refusal refusal_{};
};

}  // namespace tcpctl::api
