// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "ctl/exit.hpp"

/// Bearer tokens, as [api.tokens] has them. None of these ever puts one into a Failure.
namespace tcpctl::ctl {

/// 256 random bits as hex digits, behind a prefix by which scanners for leaked secrets know it.
/// Errors: failed, where the kernel has no random numbers.
[[nodiscard]] Answer<std::string> make_token();

/// 64 hex digits.
[[nodiscard]] std::string sha256_hex(std::string_view text);

/// Printable, without blanks: what a header carries as it is.
[[nodiscard]] bool may_be_token(std::string_view text);

/// The first line of the file `path`, which must not be open to others: no permission for them, no writing
/// for its group. Errors: usage, failed.
[[nodiscard]] Answer<std::string> read_token(const std::string& path);

/// Makes the file `path`, with mode 0600 and `token` as its line. Errors: failed, also where there is one
/// already.
[[nodiscard]] Answer<void> write_token(const std::string& path, std::string_view token);

}  // namespace tcpctl::ctl
