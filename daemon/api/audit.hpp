// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "api/access.hpp"
#include "api/control.hpp"
#include "api/http_request.hpp"
#include "api/query.hpp"
#include "api/router.hpp"

namespace tcpctl::api {

/// Would this request change something, if it were served? Reading does not, nor what only tries out.
[[nodiscard]] bool is_change(const HttpRequest& request, const Match& match, const Query& query);

/// A request that is a change, and what became of it.
struct Attempt {
  const HttpRequest& request;
  const std::string& path;
  const Match& match;
  const Access::Caller& caller;
  int status;
};

/// Leaves the one record of `attempt` in the log.
///
/// With `is_judged`, where its route is known and its caller's role decided, an event tells of it, too: what
/// nobody was asked for shall not push that out of the book. Neither has the body or the query, where secrets
/// may be. Does not wait. Threads: any.
void record(ControlPlane& control, const Attempt& attempt, bool is_judged);

}  // namespace tcpctl::api
