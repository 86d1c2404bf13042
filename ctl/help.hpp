// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "ctl/command.hpp"

namespace tcpctl::ctl {

/// The options of every command, but for --help, as `bind_globals` takes them.
[[nodiscard]] const std::vector<Option>& global_options();

/// "-f, --file FILE"
[[nodiscard]] std::string shown(const Option& option);
/// "tcpctl conn kill [ID...]"
[[nodiscard]] std::string usage(const Noun& noun, const Verb& verb);

/// The help of tcpctl as a whole, of a noun, or of a verb: how it is written, what it takes, an example.
[[nodiscard]] std::string help_text(const std::vector<Noun>& nouns);
[[nodiscard]] std::string help_text(const Noun& noun);
[[nodiscard]] std::string help_text(const Noun& noun, const Verb& verb);

}  // namespace tcpctl::ctl
