// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "base/units.hpp"

namespace tcpctl {

/// A pipe that bytes pass on their way from one socket to the other, without being copied.
struct Pipe {
  Fd read, write;
};
using PipePtr = std::unique_ptr<Pipe>;

/// The pipes of one worker: a bounded number, made when first wanted and kept for the next one.
///
/// A flow holds one only while bytes are in it, so a few serve any number of connections.
/// Threads: only on the worker's loop. Source: splice(2), pipe(7) (fs.pipe-user-pages-soft).
class PipePool {
 public:
  static constexpr std::size_t kPipeBytes = 256 * 1024;
  static constexpr std::size_t kLeastBytes = 64 * 1024;  // a smaller one costs more than it spares
  static constexpr std::size_t kMost = 64;               // two descriptors each

  explicit PipePool(std::size_t most = kMost) : most_{most} {}

  /// An empty pipe of at least kLeastBytes; null where `most` are out already, or where the kernel gives none
  /// of that size: an unprivileged user's pipes are bounded in sum.
  [[nodiscard]] PipePtr take(Instant time);
  /// `pipe` must be empty.
  void give_back(PipePtr pipe);
  /// For a pipe that went with bytes in it.
  void forget(PipePtr pipe);

  [[nodiscard]] std::size_t in_use() const { return in_use_; }

 private:
  [[nodiscard]] static PipePtr make();

  const std::size_t most_;
  std::size_t in_use_{0};
  std::vector<PipePtr> idle_;
  Instant not_before_{};  // the kernel had none
};

}  // namespace tcpctl
