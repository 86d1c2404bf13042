// SPDX-License-Identifier: Apache-2.0
#include "upstreams/name_order.hpp"

#include <algorithm>
#include <cstdint>

namespace tcpctl {

std::vector<std::size_t> attempt_order(const std::vector<NameEntry>& entries, std::minstd_rand& random) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (!entries[i].addresses->empty()) order.push_back(i);
  }
  const auto weight = [&](std::size_t place) { return std::uint64_t{entries[place].weight}; };
  // Those of weight 0 first, so that they have a very small chance beside others, and not none.
  std::ranges::stable_sort(order, [&](std::size_t left, std::size_t right) {
    if (entries[left].priority != entries[right].priority)
      return entries[left].priority < entries[right].priority;
    return weight(left) == 0 && weight(right) != 0;
  });
  for (auto first = order.begin(); first != order.end(); ++first) {
    const auto end = std::find_if(first, order.end(), [&](std::size_t place) {
      return entries[place].priority != entries[*first].priority;
    });
    std::uint64_t sum = 0;
    for (auto it = first; it != end; ++it) sum += weight(*it);
    const auto drawn = std::uniform_int_distribution<std::uint64_t>{0, sum}(random);
    auto chosen = first;
    for (std::uint64_t running = weight(*chosen); running < drawn; running += weight(*chosen)) ++chosen;
    std::rotate(first, chosen, chosen + 1);
  }
  return order;
}

}  // namespace tcpctl
