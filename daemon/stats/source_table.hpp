// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/address.hpp"
#include "stats/counter.hpp"

namespace tcpctl {

class SourceTable;

/// One source address: connections that came from it, and those that went, each worker for itself.
struct SourceCount {
  explicit SourceCount(std::size_t workers) : left(workers) {}
  [[nodiscard]] std::uint64_t active() const;
  Address::HostKey host{};
  std::uint64_t entered{0};
  std::vector<Counter> left;
};

/// One connection's place among those of its source; destruction gives it back. An empty one has none.
/// Threads: given back on the worker that it was `taken_by`, so that each counter has one writer.
class SourcePlace {
 public:
  SourcePlace() = default;
  SourcePlace(SourcePlace&& other) noexcept { *this = std::move(other); }
  SourcePlace& operator=(SourcePlace&& other) noexcept {
    std::swap(table_, other.table_);
    std::swap(source_, other.source_);
    std::swap(worker_, other.worker_);
    return *this;
  }
  ~SourcePlace();

  void taken_by(std::size_t worker) { worker_ = worker; }
  explicit operator bool() const { return table_ != nullptr; }

 private:
  friend class SourceTable;
  SourcePlace(std::shared_ptr<SourceTable> table, SourceCount& source)
      : table_{std::move(table)}, source_{&source} {}

  std::shared_ptr<SourceTable> table_;
  SourceCount* source_{nullptr};  // of the table
  std::size_t worker_{0};
};

/// How many connections each source address has on one listener. It is as large as there were sources with a
/// connection at once, whoever knocks.
///
/// Threads: `enter` on the listener's acceptor alone, and there those who left are seen a moment later;
/// places are given back on any worker, each by a counter of its own.
class SourceTable : public std::enable_shared_from_this<SourceTable> {
 public:
  explicit SourceTable(std::size_t workers) : workers_{workers} {}

  /// A place for one more connection from `source`, or nothing where it has `limit` already. A Unix peer
  /// tells no source and is not counted: its place is empty.
  [[nodiscard]] std::optional<SourcePlace> enter(const Address& source, std::uint64_t limit);
  /// Sources that are kept in mind, those with no connection any more included.
  [[nodiscard]] std::size_t size() const { return by_host_.size(); }

 private:
  struct Hash {
    std::size_t operator()(const Address::HostKey& key) const {
      return std::hash<std::uint64_t>{}(key.first * 0x9e3779b97f4a7c15U ^ key.second);
    }
  };

  [[nodiscard]] std::size_t source_of(const Address::HostKey& host);
  void forget_the_idle();

  const std::size_t workers_;
  std::unordered_map<Address::HostKey, std::size_t, Hash> by_host_;
  std::deque<SourceCount> sources_;  // never freed one by one: a worker may be giving a place back
  std::vector<std::size_t> free_;
  std::size_t look_at_{kFirstLook};  // so many sources until those without a connection are sought

  static constexpr std::size_t kFirstLook = 64;
};

}  // namespace tcpctl
