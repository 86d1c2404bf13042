// SPDX-License-Identifier: Apache-2.0
// Conditions of a list: what is taken compares as it says, what is refused says why in one bounded line.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "stats/comparison.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto require = [](bool holds) {
    if (!holds) std::abort();
  };
  const auto comparison = tcpctl::parse_comparison({reinterpret_cast<const char*>(data), size});
  if (!comparison) {
    const auto& what = comparison.error().what;
    require(!what.empty() && what.size() < 2048 && what.find('\n') == std::string::npos);
    return 0;
  }
  using Sign = tcpctl::Comparison::Sign;
  const bool with_equal = comparison->sign == Sign::equal || comparison->sign == Sign::at_most ||
                          comparison->sign == Sign::at_least;
  require(comparison->holds(comparison->value) == with_equal);
  return 0;
}
