// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace tcpctl {

/// The last `limit` values, oldest first. At the limit a new one is written over the oldest, so that nothing
/// is allocated any more. Threads: a plain value.
template <class T>
class Ring {
 public:
  explicit Ring(std::size_t limit) : limit_{limit} {}

  /// Answers whether an older one, or with a limit of 0 this one, had to give way.
  bool push(T value) {
    if (values_.size() < limit_) {
      values_.push_back(std::move(value));
      return false;
    }
    if (limit_ > 0) {
      values_[oldest_] = std::move(value);
      oldest_ = (oldest_ + 1) % limit_;
    }
    return true;
  }

  [[nodiscard]] std::size_t size() const { return values_.size(); }
  [[nodiscard]] bool empty() const { return values_.empty(); }
  [[nodiscard]] const T& operator[](std::size_t i) const { return values_[(oldest_ + i) % values_.size()]; }
  [[nodiscard]] T& operator[](std::size_t i) { return values_[(oldest_ + i) % values_.size()]; }
  [[nodiscard]] const T& front() const { return (*this)[0]; }
  [[nodiscard]] const T& back() const { return (*this)[size() - 1]; }

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
  std::size_t limit_;
  std::size_t oldest_{0};
  std::vector<T> values_;
};

}  // namespace tcpctl
