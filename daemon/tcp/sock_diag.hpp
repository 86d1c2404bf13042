// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "tcp/state.hpp"

namespace tcpctl::tcp {

/// SO_COOKIE: what the kernel knows a socket by, from the first call of this to the end of TIME_WAIT; never
/// used again while the host runs. Call it before the peer's FIN comes, or TIME_WAIT has another one.
/// 0 where the kernel has none. Costs 0.2 us. Threads: the owner of `fd`.
[[nodiscard]] std::uint64_t read_cookie(int fd);

/// Whether the kernel has cookies. Errors: io, with what it says. Costs a socket: for reports.
[[nodiscard]] Result<void> check_cookies();

struct ClosingSocket {
  std::uint64_t cookie;
  State state;
};

/// The TCP sockets of this network namespace that were in one of the states FIN_WAIT_1, FIN_WAIT_2, CLOSING,
/// LAST_ACK and TIME_WAIT at one moment, whoever's they are, open or closed.
/// Threads: an immutable value.
class ClosingSockets {
 public:
  /// Nothing is known.
  ClosingSockets() = default;
  ClosingSockets(std::vector<ClosingSocket> sockets, Instant as_of);

  [[nodiscard]] bool is_known() const { return as_of_.has_value(); }
  /// Whether it tells of a socket that was closed at `moment`.
  [[nodiscard]] bool covers(Instant moment) const { return as_of_ && moment < *as_of_; }
  /// `closed` where the kernel has let go of it.
  [[nodiscard]] State state_of(std::uint64_t cookie) const;
  [[nodiscard]] std::size_t size() const { return sockets_.size(); }

 private:
  std::vector<ClosingSocket> sockets_;  // by cookie
  std::optional<Instant> as_of_;
};

struct DumpLimits {
  std::size_t most{1U << 18};  // sockets
  std::chrono::milliseconds patience{250};
};

/// Asks the kernel for them: 1 to 3 ms with 25,000 in TIME_WAIT, so never on a worker. No privilege is
/// needed. Errors: io (refused by the kernel or a sandbox), limit_reached, timed_out. Source: sock_diag(7).
[[nodiscard]] Result<ClosingSockets> closing_sockets(const DumpLimits& limits = {});

/// Reads one datagram of the answer to the request `sequence` and adds its sockets to `sockets`; answers
/// whether the answer is complete. Messages that answer another request are left out. Errors: io, for what
/// the kernel says instead, or no message at all.
[[nodiscard]] Result<bool> parse_dump(ByteView datagram, std::uint32_t sequence,
                                      std::vector<ClosingSocket>& sockets);

}  // namespace tcpctl::tcp
