// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include "ctl/environment.hpp"
#include "ctl/exit.hpp"
#include "ctl/top/screen.hpp"

namespace tcpctl::ctl::top {

/// The whole terminal, by ncurses, until it is destroyed: then it is as it was before. One at a time in the
/// process. Threads: one.
class Terminal {
 public:
  /// Errors: usage, where stdin or stdout is no terminal, or $TERM names none that is known.
  [[nodiscard]] static Answer<Terminal> open(const Environment& environment);
  Terminal(Terminal&& other) noexcept : is_open_{std::exchange(other.is_open_, false)} {}
  Terminal& operator=(Terminal&&) = delete;
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal();

  [[nodiscard]] std::size_t columns() const;
  [[nodiscard]] std::size_t lines() const;
  /// The next key that has come; nothing where none has. `resized` says that the size is another.
  [[nodiscard]] std::optional<Key> key(bool& resized);
  void show(const Picture& picture);

 private:
  Terminal() = default;
  bool is_open_{true};
};

}  // namespace tcpctl::ctl::top
