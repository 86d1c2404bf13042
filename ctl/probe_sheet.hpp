// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ctl/sheet.hpp"

namespace tcpctl::ctl {

/// Adds what a probe found, with its steps and times, as a group `title`.
void add_probe(Sheet& sheet, const std::string& title, const Json& probe, const View& view);

}  // namespace tcpctl::ctl
