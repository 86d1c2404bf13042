// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/digest.hpp"
#include "api/options.hpp"
#include "base/error.hpp"

namespace tcpctl::api {

/// The SHA-256 of a token, from whichever of the three places its options name.
///
/// A file must not be open to others: no permission for them, no writing for its group. Its first line, 16 to
/// 1024 characters, is the token. A credential is such a file in $CREDENTIALS_DIRECTORY, guarded by systemd.
/// Errors: invalid_argument, io, denied (mode). Threads: reads files, so only where that may block.
[[nodiscard]] Result<Sha256> token_digest(const AccessOptions::Token& token);

}  // namespace tcpctl::api
