// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tcpctl {

/// How often each of some words came: a list, for few of them are ever seen. Threads: one owner.
class WordCounts {
 public:
  void add(std::string_view word) {
    auto found = std::ranges::find(counts_, word, &Count::first);
    if (found == counts_.end()) {
      counts_.reserve(counts_.size() + 1);  // no room to spare, in thousands of them
      found = counts_.emplace(counts_.end(), word, 0);
    }
    ++found->second;
  }
  [[nodiscard]] std::map<std::string, std::uint64_t> all() const { return {counts_.begin(), counts_.end()}; }

 private:
  using Count = std::pair<std::string, std::uint64_t>;
  std::vector<Count> counts_;
};

}  // namespace tcpctl
