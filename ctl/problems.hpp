// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "ctl/exit.hpp"
#include "ctl/json.hpp"
#include "ctl/table.hpp"

namespace tcpctl::ctl {

/// Something that an operator would want to know, in words.
struct Problem {
  bool serious;  // else: as somebody wanted it, or on its way to be well again
  std::string text;
};

/// `listeners` with what `get` answers of the upstreams of those that forward, in "upstreams"; of so many of
/// them, for each is a request. Where there is no answer, nothing is said of them.
[[nodiscard]] std::vector<Json> with_upstreams(
    std::vector<Json> listeners, std::size_t most,
    const std::function<Answer<Json>(const std::string& path)>& get);

/// What is wrong, by the answers of /v1/status, /v1/listeners (`with_upstreams`) and /v1/clients; the serious
/// ones first.
[[nodiscard]] std::vector<Problem> problems(const Json& status, const std::vector<Json>& listeners,
                                            const std::vector<Json>& clients, const View& view);

/// Of a daemon that drains, since when, what is left and until when, by the answer of /v1/status; "" of any
/// other.
[[nodiscard]] std::string drain_text(const Json& status, const View& view);

}  // namespace tcpctl::ctl
