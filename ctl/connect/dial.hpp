// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "base/address.hpp"
#include "base/clock.hpp"
#include "base/fd.hpp"
#include "base/units.hpp"

namespace tcpctl::ctl {

struct DialOptions {
  std::optional<Address> source{};  // to leave from; its port is 0
  Duration timeout{std::chrono::seconds{10}};
  Duration head_start{std::chrono::milliseconds{250}};  // before the next address is tried beside it
  int stop{-1};                                         // readable once the user wants it to end; -1 = never
};

/// One address that was tried. Moments: socket's SYN, and when its fate was known.
struct Attempt {
  Address to;
  Instant begun, ended;
  int error;  // an errno; 0 = connected, ECANCELED = another was faster, or the user ended it
};

struct Dialled {
  Fd fd;  // connected and non-blocking; none where nobody was reached
  std::vector<Attempt> attempts;
  bool interrupted{false};
};

/// Connects to the first of `addresses` that answers: in their order, the next one as soon as one fails, or
/// has been silent for `head_start`. Each has `timeout` for itself.
/// Source: RFC 8305 section 5. Threads: any; blocks.
[[nodiscard]] Dialled dial(const std::vector<Address>& addresses, const DialOptions& options);

}  // namespace tcpctl::ctl
