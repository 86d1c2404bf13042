// SPDX-License-Identifier: Apache-2.0
#include "base/standard_fds.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "base/fd.hpp"

namespace tcpctl {

void open_standard_fds() {
  Fd fd{::open("/dev/null", O_RDWR)};
  while (fd && fd.get() <= STDERR_FILENO) {
    (void)fd.release();
    fd = Fd{::open("/dev/null", O_RDWR)};
  }
}

}  // namespace tcpctl
