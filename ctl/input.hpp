// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "ctl/context.hpp"

namespace tcpctl::ctl {

/// The bytes of the file `path`, "-" for stdin.
/// Errors: failed, if it cannot be read or is larger than `limit` bytes.
[[nodiscard]] Answer<std::string> read_input(Context& context, const std::string& path, std::size_t limit);

/// What the user calls `path` in messages: "<stdin>" for "-".
[[nodiscard]] std::string input_name(const std::string& path);

}  // namespace tcpctl::ctl
