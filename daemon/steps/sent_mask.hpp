// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tcpctl {

/// `received`, with "<sent>" for each line of `sent` that the peer has sent back: what is sent may be a
/// password, and what came instead is shown to whoever may read.
///
/// Lines shorter than 4 bytes stay, and what the peer has changed. Of a line that is cut by the beginning or
/// the end of `received` its part goes, if that has 4 bytes. Stops behind `enough` bytes of the answer.
/// Threads: any.
[[nodiscard]] std::string without_sent(std::string_view received, const std::vector<std::string_view>& sent,
                                       std::size_t enough);

}  // namespace tcpctl
