// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/loader.hpp"
#include "config/config.hpp"
#include "stats/snapshot.hpp"

namespace tcpctl {

/// `running` against what the files say now. `redact`: without secrets.
/// Threads: any; reads files.
[[nodiscard]] ConfigDiffRow config_diff(const config::Config& running, const Sources& sources, bool redact);

}  // namespace tcpctl
