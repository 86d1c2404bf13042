// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"

#include <system_error>

namespace tcpctl {

std::string errno_text(int error_number) { return std::generic_category().message(error_number); }

}  // namespace tcpctl
