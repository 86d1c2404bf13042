// SPDX-License-Identifier: Apache-2.0
#include "app/app.hpp"
#include "base/standard_fds.hpp"

int main(int argc, char** argv) {
  tcpctl::open_standard_fds();
  return tcpctl::run_daemon(argc, argv);
}
