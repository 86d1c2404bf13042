// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "api/access.hpp"
#include "api/control.hpp"
#include "api/http_request.hpp"
#include "api/query.hpp"
#include "api/reply.hpp"

namespace tcpctl::api {

struct RequestContext {
  const HttpRequest& request;
  const Peer& peer;
  const Access& access;
};

/// The decoded target.
struct Target {
  const std::string& path;
  const Query& query;
  bool repeated;  // a parameter came more than once
};

/// From a request to its reply, in this order: Host and Origin, route, role, body, parameters, handler.
/// Every request that changes something leaves a record of its outcome, also when it was refused: audit.hpp.
/// Threads: any.
[[nodiscard]] Reply dispatch(ControlPlane& control, const RequestContext& context, const Target& target);

}  // namespace tcpctl::api
