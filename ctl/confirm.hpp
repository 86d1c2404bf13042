// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "ctl/context.hpp"

namespace tcpctl::ctl {

/// Has the user say yes to `what` ("listener web has 12 open connections"): asks at a terminal "WHAT;
/// QUESTION? [y/N]", where nothing but y or yes means yes. Errors: failed, if the user does not say it;
/// usage, if nobody can be asked, with --yes as the way.
[[nodiscard]] Answer<void> confirm(Context& context, const std::string& what, const std::string& question);

}  // namespace tcpctl::ctl
