// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.hpp"
#include "base/token_bucket.hpp"
#include "connections/facts.hpp"
#include "connections/worker.hpp"
#include "stats/facts.hpp"

namespace tcpctl {

/// Puts connections into the history that were accepted only to be turned away.
///
/// So many a second and no more: a flood of them must neither cost much nor drive all others out of the
/// history. The rest is counted, and the next entry says how many there were. Threads: only on the worker's
/// loop.
class RefusedRecorder {
 public:
  static constexpr double kEntriesASecond = 50;

  explicit RefusedRecorder(Worker& worker) : worker_{worker} {}

  /// The detail of an entry about one more; nothing where it has to be left out.
  [[nodiscard]] std::optional<std::string> next_entry(Refusal refusal);
  /// The event of one that has an entry.
  void tell(const OwnerPtr& owner, Refusal refusal, const Facts& facts, std::string_view detail);
  /// `fd` is about to be closed.
  void add(const OwnerPtr& owner, Refusal refusal, const Fd& fd, const Address& remote);

 private:
  Worker& worker_;
  TokenBucket entries_{kEntriesASecond, kEntriesASecond};
  std::uint64_t left_out_{0};
};

}  // namespace tcpctl
