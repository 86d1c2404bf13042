// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <ares.h>

#include "upstreams/resolver.hpp"

namespace tcpctl {

/// What a status of c-ares means. Threads: any, as all here.
[[nodiscard]] Errc ares_code(int status);
/// The same in words: "no such name".
[[nodiscard]] std::string ares_words(int status);
/// The addresses of `host` and their smallest TTL, or why there are none. `answer` may be null with a
/// failure.
[[nodiscard]] Result<Resolved> read_ares_answer(const std::string& host, int status,
                                                const ares_addrinfo* answer);

}  // namespace tcpctl
