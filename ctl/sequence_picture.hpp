// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "ctl/sequence.hpp"
#include "ctl/table.hpp"

namespace tcpctl::ctl {

/// The textbook's sequence diagram, line by line: the time since the first moment that is known, a lifeline
/// for each end with the arrows between them, and our state at the margin.
///
/// Whole arrows were seen, broken ones follow from what was. Empty where `view` is too narrow for it.
[[nodiscard]] std::vector<std::string> sequence_picture(const Sequence& sequence, const View& view);

}  // namespace tcpctl::ctl
