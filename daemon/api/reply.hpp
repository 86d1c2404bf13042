// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "api/control.hpp"
#include "base/error.hpp"

namespace tcpctl::api {

/// JSON whose members stay in the order in which they were written, as in the documents.
using Json = nlohmann::ordered_json;

struct EventQuery;

/// What a route answers, before it is written as HTTP.
struct Reply {
  int status{200};
  std::string type{"application/json"};
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  std::shared_ptr<const EventQuery>
      stream{};  // then these events follow, as they come, and nothing else holds
};

/// One mistake of a request: `pointer` is RFC 6901 into the body, or "" for what is not in the body.
using Fault = ControlPlane::Problem;

/// Why a request cannot be served: an RFC 9457 problem.
struct Problem {
  int status;
  std::string detail;
  std::vector<Fault> errors;
};

/// What checking a request answers: the value, or the problem to answer.
template <class T>
using Checked = tl::expected<T, Problem>;

[[nodiscard]] inline tl::unexpected<Problem> refuse(int status, std::string detail,
                                                    std::vector<Fault> errors = {}) {
  return tl::make_unexpected(Problem{status, std::move(detail), std::move(errors)});
}

/// The one place that gives an error its HTTP status.
[[nodiscard]] int status_of(Errc code);
/// "Not Found"; "Error" for a status this API does not use.
[[nodiscard]] std::string_view reason_phrase(int status);

[[nodiscard]] Reply problem_reply(const Problem& problem);
[[nodiscard]] Reply problem_reply(int status, std::string detail);
[[nodiscard]] Reply problem_reply(const Error& error);
[[nodiscard]] Reply json_reply(const Json& json);

/// One line, invalid UTF-8 replaced: what came from a peer can stand anywhere in it.
[[nodiscard]] std::string dump(const Json& json);

/// Headers that every answer carries, whoever wrote it.
[[nodiscard]] const std::vector<std::pair<std::string, std::string>>& common_headers();

/// The head of a stream of events, which only ends with its connection.
[[nodiscard]] std::string raw_stream_head();

/// A problem as a whole HTTP/1.1 answer with "Connection: close", for what never reached a route.
[[nodiscard]] std::string raw_problem(int status, const std::string& detail);

}  // namespace tcpctl::api
