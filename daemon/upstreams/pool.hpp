// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "connections/relay.hpp"
#include "connections/worker.hpp"
#include "upstreams/balance.hpp"
#include "upstreams/set.hpp"

namespace tcpctl {

/// A session that waits for an upstream: the number of its worker on top, as in a connection's id.
enum class Ticket : std::uint64_t {};

/// How a pool reaches the director of its listener, on whatever loop that is. Each call arrives later, in the
/// order of the calls. Threads: called on the pool's loop.
class DirectorDoor {
 public:
  DirectorDoor() = default;
  DirectorDoor(const DirectorDoor&) = delete;
  DirectorDoor& operator=(const DirectorDoor&) = delete;
  virtual ~DirectorDoor() = default;

  /// A session waits; with `again` it did before, and was not lucky: it keeps its place.
  virtual void wait(Ticket ticket, bool again) = 0;
  virtual void leave(Ticket ticket) = 0;
  /// What `Pool::admit` was called for is settled, whatever became of it.
  virtual void admitted(Ticket ticket) = 0;
  /// A place at an upstream became free while somebody waits.
  virtual void freed() = 0;
  /// `count` sessions failed since the last report, the last one for `reason`; each counts once at an
  /// upstream, however often it tried.
  virtual void failed(std::shared_ptr<UpstreamStats> upstream, Reason reason, std::uint64_t count) = 0;
};

struct PoolOptions {
  Balance balance{Balance::round_robin};
  Duration queue_timeout{std::chrono::seconds{5}};
  bool reports_failures{false};
};

/// The upstreams of one listener on one worker: chooses the targets of its sessions, and lets them wait where
/// all upstreams are full. It resolves and checks nothing; the director tells it what there is.
///
/// Threads: only on the worker's loop.
class Pool {
 public:
  /// `listener` counts those who wait.
  Pool(Worker& worker, std::unique_ptr<DirectorDoor> director, std::shared_ptr<PartyStats> listener,
       UpstreamSetPtr upstreams, const PoolOptions& options);
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  /// As `close`.
  ~Pool();

  /// The listener is gone: those who wait are told, and no session may ask any more.
  void close();
  [[nodiscard]] bool is_closed() const;
  /// The listener of that name is there again.
  void open(std::unique_ptr<DirectorDoor> director, UpstreamSetPtr upstreams, const PoolOptions& options);
  /// Somebody has a session, and maybe a place at an upstream.
  [[nodiscard]] bool has_sessions() const { return state_.use_count() > 1; }
  void set(UpstreamSetPtr upstreams, const PoolOptions& options);
  [[nodiscard]] const UpstreamSetPtr& upstreams() const;
  /// The targets of a new session, each upstream once before any comes again. It may outlive the pool.
  [[nodiscard]] std::unique_ptr<TargetSource> session();
  /// The same for one that the process before connected with `upstream`; null where there is none of that
  /// name now.
  [[nodiscard]] std::unique_ptr<TargetSource> session_with(const std::string& upstream);
  /// The turn of one who waits has come.
  void admit(Ticket ticket);
  /// The director has read what was reported of `upstream`.
  void heard(const UpstreamStats& upstream);

 private:
  class Session;
  class State;

  std::shared_ptr<State> state_;  // with its sessions, all on this loop
};

}  // namespace tcpctl
