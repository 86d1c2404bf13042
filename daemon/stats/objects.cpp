// SPDX-License-Identifier: Apache-2.0
#include "stats/objects.hpp"

#include <fmt/format.h>

namespace tcpctl {

std::string_view ObjectName::table() const { return kind == ObjectKind::listener ? "listeners" : "clients"; }

std::string ObjectName::path() const { return fmt::format("{}.*", table()); }

std::string ObjectName::text() const { return fmt::format("{}.{}", table(), name); }

std::string ObjectName::label() const {
  return fmt::format("{} '{}'", kind == ObjectKind::listener ? "listener" : "client", name);
}

}  // namespace tcpctl
