// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address_list.hpp"
#include "connections/connection.hpp"
#include "engine/wheel.hpp"

namespace tcpctl {

/// Attempts to connect to the addresses of one host, until one of them is established ("happy eyeballs").
///
/// Attempts begin kDelay apart, and at once when one fails; all of them share one time-out. The first that is
/// established wins and the others are cut: their records say so, and count as no failure. A single address
/// needs no race. Threads: only on the worker's loop. Source: RFC 8305 section 5.
class Race final : private Deadline {
 public:
  static constexpr Duration kDelay = std::chrono::milliseconds{250};

  struct Failure {
    Reason reason;
    std::string detail;
    Address address;
    bool is_shortage{false};  // no descriptor or no memory for a socket: it says nothing of the address
  };
  /// Begins to connect to the address within the time, and calls `enter` before anything can happen to the
  /// connection. A failure where there is no connection at all.
  using Attempt = std::function<std::optional<Failure>(const Address&, Duration timeout)>;
  /// Every address failed; the last failure is given. It may destroy the race.
  using Lost = std::function<void(const Failure&)>;

  /// `addresses` has at least one; `turn` as in AddressList. Begins with `start`.
  Race(Worker& worker, std::shared_ptr<const AddressList> addresses, std::size_t turn, Duration timeout,
       Attempt attempt, Lost lost);
  Race(const Race&) = delete;
  Race& operator=(const Race&) = delete;
  ~Race() = default;

  void start();
  void enter(Connection& connection) { running_.push_back(&connection); }
  /// `connection` is over and was not established. Says nothing of one that was cut.
  void failed(const Connection& connection);
  /// `connection` is established: the others are cut.
  void won(const Connection& connection);
  /// Nobody waits for it any more: ends all attempts.
  void cut(Reason reason, std::string_view detail);

 private:
  void on_deadline() override;
  void step();
  void begin_next();
  [[nodiscard]] bool has_next() const { return next_ < addresses_->size(); }

  Worker& worker_;
  const std::shared_ptr<const AddressList> addresses_;
  const std::size_t turn_;
  const Instant until_;
  const Attempt attempt_;
  Lost lost_;
  std::size_t next_{0};
  std::vector<Connection*> running_;
  Failure last_{};
  bool due_{true};         // the next attempt need not wait
  bool beginning_{false};  // a failure now is one of the attempt that begins
};

}  // namespace tcpctl
