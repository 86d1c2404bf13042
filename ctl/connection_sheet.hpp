// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "ctl/table.hpp"

namespace tcpctl::ctl {

/// All facts of one connection, open or closed, in groups; its time line as a picture, with that of the other
/// leg `peer` of its session where there is one, and as a list.
[[nodiscard]] std::string connection_sheet(const Json& connection, const std::optional<Json>& peer,
                                           const View& view);

}  // namespace tcpctl::ctl
