// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "base/token_bucket.hpp"
#include "stats/counter.hpp"
#include "stats/facts.hpp"
#include "stats/histogram.hpp"
#include "stats/snapshot.hpp"

namespace tcpctl {

/// How many connections ended in which way: a list, for of all the ways there are few are ever seen.
/// Threads: one writer, any readers.
class CloseCounters {
 public:
  CloseCounters() = default;
  CloseCounters(const CloseCounters&) = delete;
  CloseCounters& operator=(const CloseCounters&) = delete;
  ~CloseCounters();

  void add(First first, How how, Reason reason);        // the writer
  void collect(std::vector<CloseCount>& counts) const;  // adds to what is there, in order

 private:
  struct Kind {
    First first;
    How how;
    Reason reason;
    std::unique_ptr<Kind> next;
    Counter count{};
  };
  [[nodiscard]] Kind& of(First first, How how, Reason reason);
  std::atomic<Kind*> newest_{nullptr};  // which owns those before
};

/// How many were turned away, by why. Made at the first, for most parties turn nobody away.
/// Threads: one writer, any readers.
class RefusedCounters {
 public:
  RefusedCounters() = default;
  RefusedCounters(const RefusedCounters&) = delete;
  RefusedCounters& operator=(const RefusedCounters&) = delete;
  ~RefusedCounters();

  void add(Refusal refusal);                                         // the writer
  void collect(std::array<std::uint64_t, kRefusals>& counts) const;  // adds to what is there

 private:
  using Counts = std::array<Counter, kRefusals>;
  std::atomic<Counts*> counts_{nullptr};
};

/// Bytes received and sent, as they pass.
struct Traffic {
  Counter bytes_in, bytes_out;
};

/// What one worker counts for one listener or client; on a cache line of its own.
struct alignas(64) PartyShare : Traffic {
  Counter ended;
  Counter parting;  // those now that have said all they had to, and wait for their peer's end
  RefusedCounters refused;
  CloseCounters closes;
  Histogram duration, rtt;
};
static_assert(sizeof(PartyShare) == 64);  // there are thousands of clients

/// How many sessions hold a place at an upstream, or in a queue. All workers write it: a limit that each of
/// them checked against a part of its own would be exceeded, or left unused.
/// Threads: any. See docs/adr/0006-places-are-counted-by-all-workers.md.
class Places {
 public:
  static constexpr std::uint64_t kNoLimit = UINT64_MAX;
  /// False, and nothing is taken, where `limit` are taken already.
  [[nodiscard]] bool take(std::uint64_t limit);
  void take() { taken_.fetch_add(1); }
  void give_back() { taken_.fetch_sub(1); }
  [[nodiscard]] std::uint64_t taken() const { return taken_.load(); }

 private:
  std::atomic<std::uint64_t> taken_{0};
};

/// The counters of one listener or client, a share a worker, summed on reading. A client has but one, as all
/// its connections are on one worker. They are kept by name over reloads. Threads: each share is written by
/// its worker alone; reading from any.
class PartyStats {
 public:
  /// Of a listener.
  explicit PartyStats(std::size_t workers) : shares_(workers), contended_{std::make_unique<Contended>()} {}
  /// Of a client: there nobody waits, or shares a bandwidth.
  struct OfClient {};
  explicit PartyStats(OfClient /*tag*/) : shares_(1) {}

  [[nodiscard]] PartyShare& share(std::size_t worker) {
    return shares_[std::min(worker, shares_.size() - 1)];
  }
  [[nodiscard]] std::uint64_t active() const;
  [[nodiscard]] std::uint64_t sum(Counter PartyShare::* counter) const;
  [[nodiscard]] std::array<std::uint64_t, kRefusals> refused() const;
  [[nodiscard]] std::vector<CloseCount> closes() const;
  [[nodiscard]] HistogramValues sum(Histogram PartyShare::* histogram) const;
  [[nodiscard]] EndsRow ends() const { return {closes(), sum(&PartyShare::duration), sum(&PartyShare::rtt)}; }
  /// Adds how its connections ended to `counts`.
  void collect(std::vector<CloseCount>& counts) const;
  /// One more was opened. Threads: the one worker that accepts for the listener or runs the client.
  void add_opened();
  [[nodiscard]] std::uint64_t opened() const { return opened_.read(); }
  /// The most that were active at once.
  [[nodiscard]] std::uint64_t peak() const { return peak_.read(); }
  /// Sessions that wait for an upstream; of a listener alone. Threads: any.
  [[nodiscard]] Places& waiting() { return contended_->waiting; }
  /// What the connections of all workers have taken of `bandwidth_total`; of a listener alone. Threads: any.
  [[nodiscard]] SharedTokens& taken_in() { return contended_->taken_in; }
  [[nodiscard]] SharedTokens& taken_out() { return contended_->taken_out; }

 private:
  /// All workers write these where sessions queue, or share a bandwidth: on a line of their own.
  struct alignas(64) Contended {
    Places waiting;
    SharedTokens taken_in, taken_out;
  };

  std::vector<PartyShare> shares_;
  Counter opened_, peak_;
  const std::unique_ptr<Contended> contended_;  // null for a client
};
static_assert(sizeof(PartyStats) <= 48);  // there are thousands of clients

/// What one worker counts for one upstream. Its traffic is that of the sessions.
struct alignas(64) UpstreamShare : Traffic {
  Counter chosen, active, connections;
  Counter answered;                        // sessions in which the upstream sent at least a byte
  CloseCounters closes;                    // of connections that stood
  std::array<Counter, kReasons> failures;  // by reason
  Histogram connect_time;
};

/// The counters of one upstream, kept by its name and its listener's over reloads.
/// Threads: each share is written by its worker alone; reading from any.
class UpstreamStats {
 public:
  explicit UpstreamStats(std::size_t workers) : shares_(workers) {}
  [[nodiscard]] std::size_t workers() const { return shares_.size(); }
  [[nodiscard]] UpstreamShare& share(std::size_t worker) { return shares_[worker]; }
  [[nodiscard]] Places& places() { return places_; }
  [[nodiscard]] std::uint64_t sum(Counter UpstreamShare::* counter) const;
  /// Adds what all workers counted to `row`.
  void fill(UpstreamRow& row) const;

 private:
  alignas(64) Places places_;
  std::vector<UpstreamShare> shares_;
};

}  // namespace tcpctl
