// SPDX-License-Identifier: Apache-2.0
#include "ctl/commands/registry.hpp"
#include "ctl/process.hpp"

int main(int argc, char** argv) { return tcpctl::ctl::main_of(argc, argv, tcpctl::ctl::commands::all()); }
