// SPDX-License-Identifier: Apache-2.0
#include "api/accept.hpp"

#include <algorithm>
#include <string>

#include "api/host.hpp"

namespace tcpctl::api {
namespace {

/// `;q=0`: RFC 9110 section 12.4.2.
bool is_refused(std::string_view range) {
  const auto quality = range.find("q=");
  return quality != std::string_view::npos &&
         range.substr(quality + 2).find_first_not_of("0. ") == std::string_view::npos;
}

}  // namespace

bool accepts(const HttpRequest& request, std::string_view wanted) {
  const std::string accept = lower_case(request.header("accept").value_or(""));
  for (std::string_view rest = accept; !rest.empty();) {
    const auto comma = std::min(rest.find(','), rest.size());
    const auto range = rest.substr(0, comma);
    auto type = range.substr(0, std::min(range.find(';'), comma));
    while (type.starts_with(' ')) type.remove_prefix(1);
    while (type.ends_with(' ')) type.remove_suffix(1);
    if (type == wanted && !is_refused(range)) return true;
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return false;
}

}  // namespace tcpctl::api
