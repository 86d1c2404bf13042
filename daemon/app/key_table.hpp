// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/options.hpp"

namespace tcpctl {

/// Every key of the configuration: those of the core, of each service and of the steps. Made once; const.
[[nodiscard]] const config::KeyTable& key_table();

}  // namespace tcpctl
