// SPDX-License-Identifier: Apache-2.0
#include "endpoints/crew.hpp"

#include <algorithm>
#include <functional>

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

std::uint64_t Crew::sockets() const {
  std::uint64_t held = 0;
  for (const auto& member : members) held += member.hub->worker().held().read();
  const std::uint64_t load = this->load();
  return load - std::min(load, held);
}

double Crew::fullness() const {
  return static_cast<double>(load()) /
         static_cast<double>(std::max<std::uint64_t>(1, max_connections.read()));
}

double Crew::idle_timeout_factor(double fullness) {
  constexpr double kLeast = 0.1;
  const double over = std::clamp((fullness - kNearlyFull) / (1 - kNearlyFull), 0.0, 1.0);
  return 1 - (1 - kLeast) * over;
}

std::size_t Crew::acceptor_of(const std::string& name) const {
  return std::hash<std::string>{}(name) % members.size();
}

}  // namespace tcpctl
