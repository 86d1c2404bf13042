// SPDX-License-Identifier: Apache-2.0
#include "ctl/trace/privilege.hpp"

#include <array>
#include <cstdint>

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tcpctl::ctl::trace {

bool is_set_user_id() { return ::geteuid() != ::getuid() || ::getegid() != ::getgid(); }

void drop_privileges() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) return;
  constexpr std::uint32_t kFiles = (1U << CAP_DAC_OVERRIDE) | (1U << CAP_DAC_READ_SEARCH);
  const std::uint32_t kept = ::getuid() == 0 ? kFiles : 0;
  sets[0] = {.effective = sets[0].effective & kept, .permitted = sets[0].permitted & kept, .inheritable = 0};
  sets[1] = {};
  (void)::syscall(SYS_capset, &header, sets.data());
  (void)::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

}  // namespace tcpctl::ctl::trace
