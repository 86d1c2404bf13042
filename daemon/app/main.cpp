// SPDX-License-Identifier: Apache-2.0
#include "app/app.hpp"

int main(int argc, char** argv) { return tcpctl::run_daemon(argc, argv); }
