// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

namespace tcpctl {

/// Holds `is_taken` while it lives, unless another does. Threads: any.
class Turn {
 public:
  explicit Turn(std::atomic<bool>& is_taken) : is_taken_{is_taken}, is_mine_{!is_taken.exchange(true)} {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    if (is_mine_) is_taken_ = false;
  }
  explicit operator bool() const { return is_mine_; }

 private:
  std::atomic<bool>& is_taken_;
  const bool is_mine_;
};

}  // namespace tcpctl
