// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace tcpctl {

/// A number that one thread writes and any number read; it costs its writer a plain store.
/// Several read together are not one cut in time.
class Counter {
 public:
  void add(std::uint64_t n = 1) { value_.store(read() + n, std::memory_order_relaxed); }
  void sub(std::uint64_t n = 1) { value_.store(read() - n, std::memory_order_relaxed); }
  void set(std::uint64_t n) { value_.store(n, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t read() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

}  // namespace tcpctl
