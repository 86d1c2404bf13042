// SPDX-License-Identifier: Apache-2.0
#include "ctl/commands/registry.hpp"
#include "ctl/part.hpp"
#include "ctl/process.hpp"
#include "ctl/trace/run.hpp"

int main(int argc, char** argv) {
  using namespace tcpctl::ctl;
  return main_of(argc, argv, with_run(commands::all(), "trace", &trace::run));
}
