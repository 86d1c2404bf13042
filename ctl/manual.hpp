// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ctl/command.hpp"

namespace tcpctl::ctl {

/// The part of tcpctl(1) that is made from the commands, in mdoc(7): a subsection each noun, with its verbs,
/// their words, options and an example. The rest is in man/tcpctl.1.in.
[[nodiscard]] std::string manual_text(const std::vector<Noun>& nouns);

/// The word that the build calls tcpctl with for it. It is no command for people.
inline constexpr std::string_view kManualWord = "__manual";

}  // namespace tcpctl::ctl
