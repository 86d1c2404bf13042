// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace tcpctl {

/// The last `limit` values, oldest first. Places for them are allocated as they are needed, by the block, and
/// nothing is moved then; at the limit a new value is written over the oldest, and nothing is allocated any
/// more. Threads: a plain value that moves.
template <class T>
class Ring {
 public:
  static constexpr std::size_t kBlock = 64;

  explicit Ring(std::size_t limit) : limit_{limit} {}

  /// Answers whether an older one, or with a limit of 0 this one, had to give way.
  bool push(T value) {
    if (limit_ == 0) return true;
    if (size_ == limit_) {
      place(0) = std::move(value);
      oldest_ = (oldest_ + 1) % limit_;
      return true;
    }
    make_place();
    place(size_++) = std::move(value);
    return false;
  }
  /// The oldest goes; there is one.
  void pop() {
    place(0) = T{};
    oldest_ = (oldest_ + 1) % limit_;
    --size_;
  }

  [[nodiscard]] std::size_t limit() const { return limit_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// For how many values memory is held.
  [[nodiscard]] std::size_t places() const { return std::min(blocks_.size() * kBlock, limit_); }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] const T& operator[](std::size_t i) const { return place(i); }
  [[nodiscard]] T& operator[](std::size_t i) { return place(i); }
  [[nodiscard]] const T& front() const { return place(0); }
  [[nodiscard]] const T& back() const { return place(size_ - 1); }

  class Iterator {
   public:
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    Iterator(const Ring& ring, std::size_t at) : ring_{&ring}, at_{at} {}
    const T& operator*() const { return (*ring_)[at_]; }
    const T* operator->() const { return &(*ring_)[at_]; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    Iterator operator++(int) { return {*ring_, at_++}; }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const Ring* ring_{nullptr};
    std::size_t at_{0};
  };
  [[nodiscard]] Iterator begin() const { return {*this, 0}; }
  [[nodiscard]] Iterator end() const { return {*this, size()}; }

 private:
  [[nodiscard]] std::size_t position_of(std::size_t i) const { return (oldest_ + i) % limit_; }
  [[nodiscard]] T& place(std::size_t i) const {
    const auto position = position_of(i);
    return blocks_[position / kBlock][position % kBlock];
  }
  /// Positions are taken in turn, so that the next one is in a block that there is, or in the one behind.
  void make_place() {
    const auto block = position_of(size_) / kBlock;
    if (block < blocks_.size()) return;
    blocks_.push_back(std::make_unique<T[]>(std::min(kBlock, limit_ - block * kBlock)));
  }

  std::size_t limit_;
  std::size_t oldest_{0}, size_{0};
  std::vector<std::unique_ptr<T[]>> blocks_;
};

}  // namespace tcpctl
