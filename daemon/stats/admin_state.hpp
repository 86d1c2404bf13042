// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "base/units.hpp"

namespace tcpctl {

/// What the operator wants of an upstream: `drain` = no new sessions, those that stand go on; `maint` = no
/// checks either.
enum class AdminState : std::uint8_t { ready, drain, maint };
[[nodiscard]] std::string_view text(AdminState state);
/// Errors: invalid_argument, with the words that there are.
[[nodiscard]] Result<AdminState> parse_admin_state(std::string_view text);

/// What an operator changes of an upstream at run time: what is not there stays, and of a value of none
/// holds what is configured.
struct UpstreamChange {
  static constexpr std::uint32_t kMostWeight = 256;
  std::optional<std::optional<AdminState>> admin_state;
  std::optional<std::optional<std::uint32_t>> weight;  // 0 .. kMostWeight
  std::optional<Duration> drain{};  // with AdminState::drain: its sessions end within this time
};

}  // namespace tcpctl
