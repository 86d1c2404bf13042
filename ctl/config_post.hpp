// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "ctl/context.hpp"

namespace tcpctl::ctl {

/// Why the daemon did not do it.
struct Refused {
  Failure failure;
  Json answer;  // with the mistakes of the files in `errors`; null where there was none
};

/// POST `path`, which is /v1/config/reload or /save, and may take long where there are many files.
[[nodiscard]] tl::expected<Json, Refused> post_config(const Context& context, const std::string& path);

/// Each mistake in a line of its own on stderr, and `failure` in the last; answers its exit status.
[[nodiscard]] Exit tell(Context& context, const Refused& refused);

}  // namespace tcpctl::ctl
