// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "config/config.hpp"
#include "stats/snapshot.hpp"

namespace tcpctl {

/// `running` against what the files of `file` say now. `redact`: without secrets.
/// Threads: any; reads files.
[[nodiscard]] ConfigDiffRow config_diff(const config::Config& running, const std::filesystem::path& file,
                                        bool redact);

}  // namespace tcpctl
