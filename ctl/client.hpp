// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ctl/exit.hpp"
#include "ctl/host.hpp"

namespace tcpctl::ctl {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// One answer of the daemon, whatever its status.
struct Reply {
  int status{0};
  std::string content_type;
  std::string body;
  Headers headers{};
};

/// One request.
struct Call {
  std::string method{"GET"};
  std::string path;                                              // with the query, percent-encoded
  std::string body;                                              // JSON; empty for none
  std::chrono::milliseconds patience{std::chrono::seconds{15}};  // for the whole answer
  std::string accept{"application/json, text/plain;q=0.9, */*;q=0.1"};
  Headers headers{};  // beside those that every request has; one of the same name takes its place
};

/// The daemon's API over HTTP. Never goes anywhere but to its host; a connection a request.
/// Threads: any, but each request blocks its caller.
class Client {
 public:
  /// `token` goes along as a bearer token; "" for none.
  Client(Host host, std::string token) : host_{std::move(host)}, token_{std::move(token)} {}

  /// Errors: unreachable (nobody answers, or not in time, or with more than 64 MiB), not_allowed (socket's
  /// mode).
  [[nodiscard]] Answer<Reply> ask(const Call& call) const;
  /// The same, with every status that is no success turned into a Failure that tells the daemon's words.
  [[nodiscard]] Answer<Reply> request(const Call& call) const;
  [[nodiscard]] const Host& host() const { return host_; }

 private:
  Host host_;
  std::string token_;
};

/// What an answer that is no success means for the user: `detail` and `errors` of RFC 9457 in one line, what
/// to do, and the exit status.
[[nodiscard]] Failure explain(const Reply& reply, const Host& host);

/// `text` as one segment of a path or one value of a query: all but unreserved characters become %XX.
/// Source: RFC 3986 section 2.3.
[[nodiscard]] std::string percent_encoded(std::string_view text);

/// Builds "?a=1&b=2", values encoded; "" while nothing was added.
class Query {
 public:
  Query& add(std::string_view key, std::string_view value);
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace tcpctl::ctl
