// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "ctl/command.hpp"

namespace tcpctl::ctl {

/// The main() of tcpctl and of its parts: runs `nouns` with the process's own descriptors and variables, and
/// answers the exit status.
///
/// A part is a program of its own, run by the verb of its name: what loads a library, or may have a
/// privilege, that the rest of tcpctl should do without.
[[nodiscard]] int main_of(int argc, char** argv, const std::vector<Noun>& nouns);

}  // namespace tcpctl::ctl
