// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ctl/exit.hpp"

namespace tcpctl::ctl {

/// Parameters of the API by name, as users write their values.
using FilterValues = std::map<std::string, std::string>;

/// Which words may begin a filter; any other begins none, but for comparisons such as 'rtt>50ms'.
[[nodiscard]] const std::vector<std::string>& filter_keywords();

/// A filter as ss(8) has it, `words` of the command line: `state ESTABLISHED listener web 'rtt>50ms' src
/// 10.0.0.0/8 dport = :443`. All must hold. `src` and `sport` are our side, as in ss, `dst` and `dport` the
/// peer's. Comparisons are gathered in "where". Errors: usage, with the word that is wrong.
/// Threads: any. Outside text: nothing is trusted, and the daemon checks the values.
[[nodiscard]] Answer<FilterValues> parse_filter_words(const std::vector<std::string>& words);

}  // namespace tcpctl::ctl
