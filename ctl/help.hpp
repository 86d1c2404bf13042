// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "ctl/command.hpp"

namespace tcpctl::ctl {

/// The help of tcpctl as a whole, of a noun, or of a verb: how it is written, what it takes, an example.
[[nodiscard]] std::string help_text(const std::vector<Noun>& nouns);
[[nodiscard]] std::string help_text(const Noun& noun);
[[nodiscard]] std::string help_text(const Noun& noun, const Verb& verb);

}  // namespace tcpctl::ctl
