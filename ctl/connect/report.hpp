// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "ctl/connect/life.hpp"
#include "ctl/connect/target.hpp"
#include "ctl/table.hpp"

/// What `tcpctl connect` tells of its own socket, for people. Lines end in a line feed.
namespace tcpctl::ctl {

/// "example.org is [2001:db8::1]:80, 192.0.2.1:80"; nothing for an address.
[[nodiscard]] std::string resolved_line(const Target& target);
/// Each address that was tried in vain, and how the one that was not answered.
[[nodiscard]] std::string attempt_lines(const Life& life);
/// The whole life of it: how it ended, bytes, round trip, and the sequence or, where there is no room for
/// that, the time line.
[[nodiscard]] std::string life_sheet(const Life& life, const View& view);

}  // namespace tcpctl::ctl
