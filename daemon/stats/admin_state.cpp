// SPDX-License-Identifier: Apache-2.0
#include "stats/admin_state.hpp"

#include <array>

namespace tcpctl {
namespace {

constexpr std::array<std::string_view, 3> kTexts{"ready", "drain", "maint"};

}  // namespace

std::string_view text(AdminState state) { return kTexts.at(static_cast<std::size_t>(state)); }

Result<AdminState> parse_admin_state(std::string_view text) {
  for (std::size_t i = 0; i < kTexts.size(); ++i) {
    if (kTexts.at(i) == text) return static_cast<AdminState>(i);
  }
  return fail(Errc::invalid_argument, "expected ready, drain or maint");
}

}  // namespace tcpctl
