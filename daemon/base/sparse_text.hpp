// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/heap.hpp"

namespace tcpctl {

/// A text that is mostly empty, and then takes eight bytes. Threads: a plain value.
class SparseText {
 public:
  SparseText() = default;
  template <std::convertible_to<std::string_view> Text>
  SparseText(const Text& text) {
    *this = text;
  }
  SparseText(const SparseText& other) { *this = other.get(); }
  SparseText& operator=(const SparseText& other) {
    *this = other.get();
    return *this;
  }
  SparseText(SparseText&&) noexcept = default;
  SparseText& operator=(SparseText&&) noexcept = default;
  ~SparseText() = default;
  template <std::convertible_to<std::string_view> Text>
  SparseText& operator=(const Text& text) {
    const std::string_view view{text};
    text_ = view.empty() ? nullptr : std::make_unique<const std::string>(view);
    return *this;
  }

  [[nodiscard]] std::string_view get() const { return text_ ? std::string_view{*text_} : std::string_view{}; }
  [[nodiscard]] bool empty() const { return text_ == nullptr; }
  [[nodiscard]] std::size_t heap_bytes() const {
    return text_ ? allocated(sizeof(std::string)) + tcpctl::heap_bytes(*text_) : 0;
  }

 private:
  std::unique_ptr<const std::string> text_;
};

}  // namespace tcpctl
