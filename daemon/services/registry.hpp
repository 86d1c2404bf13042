// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "services/service.hpp"

/// The one list of services, in the order in which users see them. A new service is a line here and a file
/// NAME.cpp beside it that defines `ServiceKind NAME_service()`.
#define TCPCTL_SERVICES(X) \
  X(echo)                  \
  X(discard)               \
  X(chargen)               \
  X(daytime)               \
  X(time)                  \
  X(dialog)                \
  X(script)                \
  X(forward)

namespace tcpctl {

#define X(name) [[nodiscard]] ServiceKind name##_service();
TCPCTL_SERVICES(X)
#undef X

}  // namespace tcpctl
