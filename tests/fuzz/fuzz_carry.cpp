// SPDX-License-Identifier: Apache-2.0
// What the process before left: what can be read of it can be written and read again.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "app/carry.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text{data, data + size};
  const auto carry = tcpctl::read_carry(text, {});
  if (carry && !tcpctl::read_carry(tcpctl::write_carry(*carry), {})) std::abort();
  return 0;
}
