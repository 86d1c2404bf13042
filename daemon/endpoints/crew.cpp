// SPDX-License-Identifier: Apache-2.0
#include "endpoints/crew.hpp"

#include <algorithm>

#include "endpoints/hub.hpp"

namespace tcpctl {

std::uint64_t Crew::load() const {
  // In this order one that arrives meanwhile is counted twice rather than not at all.
  std::uint64_t taken = 0;
  for (const auto& member : members) taken += member.hub->taken().read();
  std::uint64_t load = 0;
  for (const auto& member : members) load += member.load->read();
  std::uint64_t handed = 0;
  for (const auto& member : members) handed += member.hub->handed().read();
  return load + handed - std::min(handed, taken);
}

}  // namespace tcpctl
