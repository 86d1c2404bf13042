// SPDX-License-Identifier: Apache-2.0
#include "ctl/commands/registry.hpp"
#include "ctl/part.hpp"
#include "ctl/process.hpp"
#include "ctl/top/run.hpp"

int main(int argc, char** argv) {
  using namespace tcpctl::ctl;
  return main_of(argc, argv, with_run(commands::all(), "top", &top::run));
}
