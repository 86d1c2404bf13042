// SPDX-License-Identifier: Apache-2.0
// The reader of /proc/net/netstat: it says why, or has two numbers that stand in the text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tcp/netstat.hpp"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto losses = tcpctl::tcp::parse_netstat(text);
  if (!losses) {
    require(!losses.error().what.empty());
    return 0;
  }
  for (const auto* const name : {"ListenOverflows", "ListenDrops"})
    require(text.find(name) != std::string_view::npos);
  for (const auto value : {losses->overflows, losses->drops})
    require(text.find(std::to_string(value)) != std::string_view::npos);
  return 0;
}
