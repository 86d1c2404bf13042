// SPDX-License-Identifier: Apache-2.0
#include "services/registry.hpp"

#include <algorithm>
#include <array>

namespace tcpctl {

std::span<const ServiceKind> services() {
#define X(name) name##_service(),
  static const std::array kinds{TCPCTL_SERVICES(X)};
#undef X
  return kinds;
}

const ServiceKind* find_service(std::string_view name) {
  const auto kinds = services();
  const auto found = std::ranges::find(kinds, name, &ServiceKind::name);
  return found == kinds.end() ? nullptr : &*found;
}

}  // namespace tcpctl
