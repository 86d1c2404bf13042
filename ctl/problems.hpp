// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "ctl/json.hpp"

namespace tcpctl::ctl {

/// Something that an operator would want to know, in words.
struct Problem {
  bool serious;  // else: as somebody wanted it, or on its way to be well again
  std::string text;
};

/// What is wrong, by the answers of /v1/status, /v1/listeners and /v1/clients; the serious ones first.
[[nodiscard]] std::vector<Problem> problems(const Json& status, const std::vector<Json>& listeners,
                                            const std::vector<Json>& clients);

}  // namespace tcpctl::ctl
