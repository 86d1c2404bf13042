// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <iterator>
#include <memory>
#include <span>
#include <vector>

#include "stats/snapshot.hpp"

namespace tcpctl {

class Connection;

/// The connections of one worker in the order of their ids: 16 bytes each, and a walk in order.
///
/// Ids only ascend, so a new one goes to the end; one that leaves makes a hole, and the holes are closed
/// when they are the most. Adding costs O(1), finding and taking out O(log n). Changing it ends a walk.
/// Threads: only on the worker's loop.
class ConnectionSet {
 public:
  struct Entry {
    ConnectionId id;
    std::unique_ptr<Connection> connection;  // null: a hole
  };

  class Iterator {
   public:
    using value_type = Entry;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    Iterator(const Entry* at, const Entry* end) : at_{at}, end_{end} { skip(); }
    const Entry& operator*() const { return *at_; }
    const Entry* operator->() const { return at_; }
    Iterator& operator++() {
      ++at_;
      skip();
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const Iterator& left, const Iterator& right) { return left.at_ == right.at_; }

   private:
    void skip() {
      while (at_ != end_ && !at_->connection) ++at_;
    }
    const Entry* at_{nullptr};
    const Entry* end_{nullptr};
  };

  ConnectionSet();
  ConnectionSet(const ConnectionSet&) = delete;
  ConnectionSet& operator=(const ConnectionSet&) = delete;
  ~ConnectionSet();

  /// One of the process before is put among the others; else its id is above all that were added before.
  void add(ConnectionId id, std::unique_ptr<Connection> connection);
  /// Puts `connection` into the place of the one with its id and answers that; null if there is none.
  [[nodiscard]] std::unique_ptr<Connection> replace(ConnectionId id, std::unique_ptr<Connection>& connection);
  /// Null if there is none.
  [[nodiscard]] Connection* find(ConnectionId id) const;
  /// Null if there is none.
  [[nodiscard]] std::unique_ptr<Connection> take(ConnectionId id);

  /// Those whose id is above `id`, and those whose id is below, in ascending order; holes are among them.
  [[nodiscard]] std::span<const Entry> above(ConnectionId id) const;
  [[nodiscard]] std::span<const Entry> below(ConnectionId id) const;

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] Iterator begin() const { return {entries_.data(), entries_.data() + entries_.size()}; }
  [[nodiscard]] Iterator end() const {
    const Entry* const end = entries_.data() + entries_.size();
    return {end, end};
  }

 private:
  [[nodiscard]] std::size_t place_of(ConnectionId id) const;
  void close_holes();

  std::vector<Entry> entries_;
  std::size_t size_{0};
};

}  // namespace tcpctl
