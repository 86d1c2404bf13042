// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "ctl/json.hpp"
#include "ctl/table.hpp"

/// What was done with the configuration, for people.
namespace tcpctl::ctl {

/// An answer of /v1/config/reload, with a line for each conflict.
[[nodiscard]] std::string reload_text(const Json& reload, const View& view);
/// An answer of /v1/config/save.
[[nodiscard]] std::string saved_text(const Json& saved, const View& view);
/// The same in one line, without its end: "saved in FILE: listeners.web; removed clients.old".
[[nodiscard]] std::string saved_line(const Json& saved);
/// An answer of /v1/config/diff, which has no mistakes: like a diff from the files to what runs.
[[nodiscard]] std::string diff_text(const Json& diff, const View& view);

}  // namespace tcpctl::ctl
