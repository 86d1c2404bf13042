// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "ctl/sheet.hpp"

namespace tcpctl::ctl {

/// Adds what a probe found, with its steps and times, as a group `title`.
void add_probe(Sheet& sheet, const std::string& title, const Json& probe, const View& view);
/// The same without its steps.
void add_probe_facts(Sheet& sheet, const std::string& title, const Json& probe, const View& view);
/// "step 1  expect         ok     0.41 ms", fit for a terminal.
[[nodiscard]] std::string step_line(const Json& step, const View& view);

}  // namespace tcpctl::ctl
