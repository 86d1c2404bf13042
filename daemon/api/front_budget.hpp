// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace tcpctl::api {

/// How many bytes of requests and answers the connections of one listening socket may hold together. Requests
/// get half of it, so that bodies which never become complete leave room for the answers of others.
/// Threads: its loop's.
class FrontBudget {
 public:
  explicit FrontBudget(std::size_t most) : most_{most} {}

  /// A holder that has `before` bytes wants to have `after`. Less is always granted.
  [[nodiscard]] bool change(std::size_t before, std::size_t after, bool for_request) {
    const auto wanted = held_ - before + after;
    if (after > before && wanted > (for_request ? most_ / 2 : most_)) return false;
    held_ = wanted;
    return true;
  }
  void give_back(std::size_t bytes) { held_ -= bytes; }

 private:
  const std::size_t most_;
  std::size_t held_{0};
};

}  // namespace tcpctl::api
