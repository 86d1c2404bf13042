// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <netinet/in.h>

#include "bulk_protocol.hpp"
#include "histogram.hpp"

namespace tcpctl::bench {

/// One thread's share of what the command line asks for.
struct Plan {
  sockaddr_in to{};
  std::uint64_t connections{1};
  std::uint64_t message_bytes{64};
  std::int64_t duration_ns{0};
  std::uint64_t count{0};  // round trips, connections or bytes after which to stop; 0 = by time alone
  double rate{0};          // open loop: messages per second
  Direction direction{Direction::up};
  bool reset{false};  // conn: close with RST
  unsigned thread{0};
};

/// What one thread did. A unit is a round trip, a connection, or a byte.
struct Outcome {
  std::uint64_t units{0};
  std::uint64_t errors{0};
  std::string first_error;
  LatencyHistogram latency;
  LatencyHistogram lateness;  // open loop: how late the generator itself was

  void fail(const std::string& what);
  void merge(const Outcome& other);
};

/// A kind of load, on one thread. `prepare` opens what must stand before the clock runs (it may block and
/// die); `run` returns when all that was begun is answered, at most kGrace after the end of its time.
class Workload {
 public:
  static constexpr std::int64_t kGraceNs = 10'000'000'000;

  Workload() = default;
  Workload(const Workload&) = delete;
  Workload& operator=(const Workload&) = delete;
  virtual ~Workload() = default;
  virtual void prepare() = 0;
  virtual void run() = 0;
  [[nodiscard]] const Outcome& outcome() const { return outcome_; }

 protected:
  Outcome outcome_;
};

[[nodiscard]] std::unique_ptr<Workload> make_closed_echo(const Plan& plan);
[[nodiscard]] std::unique_ptr<Workload> make_open_echo(const Plan& plan);
[[nodiscard]] std::unique_ptr<Workload> make_bulk(const Plan& plan);
[[nodiscard]] std::unique_ptr<Workload> make_connects(const Plan& plan);
[[nodiscard]] std::unique_ptr<Workload> make_idle(const Plan& plan);

}  // namespace tcpctl::bench
