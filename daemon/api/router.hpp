// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "api/handlers.hpp"

namespace tcpctl::api {

/// Where a request goes by the one list of routes.
struct Match {
  const Route* route{nullptr};
  Reply (*handler)(const Call&){nullptr};
  std::map<std::string, std::string, std::less<>> path;  // "name" -> what stood in the place of {name}
  std::string allow;  // the methods of this path: "GET, HEAD"; empty = there is no such path
};

/// HEAD is served by GET's route. `path` is decoded and without query.
[[nodiscard]] Match find_route(std::string_view method, std::string_view path);

}  // namespace tcpctl::api
