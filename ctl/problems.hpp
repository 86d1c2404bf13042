// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "ctl/json.hpp"
#include "ctl/table.hpp"

namespace tcpctl::ctl {

/// Something that an operator would want to know, in words.
struct Problem {
  bool serious;  // else: as somebody wanted it, or on its way to be well again
  std::string text;
};

/// What is wrong, by the answers of /v1/status, /v1/listeners and /v1/clients; the serious ones first.
[[nodiscard]] std::vector<Problem> problems(const Json& status, const std::vector<Json>& listeners,
                                            const std::vector<Json>& clients, const View& view);

/// Of a daemon that drains, since when, what is left and until when, by the answer of /v1/status; "" of any
/// other.
[[nodiscard]] std::string drain_text(const Json& status, const View& view);

}  // namespace tcpctl::ctl
