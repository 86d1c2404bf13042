// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/units.hpp"
#include "ctl/command.hpp"
#include "ctl/trace/words.hpp"

namespace tcpctl::ctl::trace {

/// What the options of `tcpctl trace` ask for.
struct Wishes {
  std::string target;     // "" = whatever is in the file
  std::string interface;  // "any"
  std::optional<std::string> write, read;
  bool force{false};
  std::optional<std::uint64_t> count;
  std::optional<Duration> time;
  Style style;

  /// The packets go to stdout, so nothing is drawn there.
  [[nodiscard]] bool writes_stdout() const { return write == "-"; }
};

[[nodiscard]] std::vector<Option> trace_options();
/// Errors: usage, for a value that makes no sense, and for options that exclude each other.
[[nodiscard]] Answer<Wishes> wishes_of(Context& context, const Arguments& arguments);

}  // namespace tcpctl::ctl::trace
