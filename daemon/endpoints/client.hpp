// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connections/carried.hpp"
#include "connections/worker.hpp"
#include "endpoints/byte_ring.hpp"
#include "endpoints/connect_pacer.hpp"
#include "endpoints/heartbeat.hpp"
#include "endpoints/plan.hpp"
#include "endpoints/probe_record.hpp"
#include "stats/availability.hpp"
#include "stats/histogram.hpp"
#include "stats/recent_times.hpp"
#include "stats/snapshot.hpp"
#include "stats/word_counts.hpp"
#include "upstreams/name_watch.hpp"

namespace tcpctl {

/// What is remembered of a client by its name, whatever its configuration becomes.
struct ClientRecord {
  bool paused{false};
  std::uint64_t attempts{0};
  WordCounts failures;  // by reason or result word
  /// Of the attempts that are over, each counted once: "connected" (a probe that was good), else the reason
  /// or result word.
  WordCounts outcomes;
  std::string last_failure;
  Availability availability{now()};
  RecentTimes recent;
  Histogram connect_time;
  std::unique_ptr<HeartbeatStats> heartbeat;  // null where there never was one
  std::unique_ptr<ProbeRecord> probing;       // null where it never was a probe
};
static_assert(sizeof(ClientRecord) <= 192);  // there are thousands

/// What a client had in the process before.
struct CarriedClient {
  std::vector<CarriedSession> connections{};  // of the slots that were up
  std::optional<ByteRing::Saved> received{};
};

/// A declared outbound party, of either mode. What a mode cannot do answers `conflict`.
/// Destroying it ends its connections gracefully.
/// Threads: only on the worker's loop.
class Client {
 public:
  Client() = default;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  virtual ~Client() = default;

  /// Goes on with a new configuration; its connections, bytes and counts stay. False where it has to be made
  /// anew instead.
  [[nodiscard]] virtual bool take_plan(std::shared_ptr<const ClientPlan> plan) = 0;
  [[nodiscard]] virtual ClientRow row() const = 0;
  virtual void pause() = 0;
  virtual void resume() = 0;
  [[nodiscard]] virtual Result<void> reconnect() = 0;
  /// Sends on the first connection that is up; `done` is called once: at once, or where `wait_ack` is given
  /// up to so much later, unless the client goes before.
  using Sent = std::function<void(Result<SentRow>)>;
  virtual void send(const std::string& data, std::optional<Duration> wait_ack, Sent done) = 0;
  [[nodiscard]] virtual Result<ReceivedRow> received(std::uint64_t from) const = 0;
  /// Somebody has all received bytes before the offset `upto`: with `on_full = "wait"` that makes room for
  /// more. Errors: conflict where not so many were received.
  [[nodiscard]] virtual Result<TakenRow> take(std::uint64_t upto) = 0;
  [[nodiscard]] virtual bool is_up() const = 0;
  /// Its connections, each by itself; at most kMostSlots. None where it keeps none.
  static constexpr std::size_t kMostSlots = 100;
  [[nodiscard]] virtual std::optional<std::vector<SlotRow>> slots() const { return std::nullopt; }
  /// Runs a probe now, or joins the one that is running; `done` is called once, unless the client goes
  /// before.
  using Done = std::function<void(Result<ProbeRow>)>;
  virtual void run(Done done) = 0;
  [[nodiscard]] virtual std::vector<ProbeRow> probes() const = 0;  // newest first
  /// What the next process can go on with; it is gone here.
  [[nodiscard]] virtual CarriedClient carry() { return {}; }
};

/// Tells in `row` what is remembered of a client.
void note_record(ClientRow& row, const ClientRecord& record);

/// Tells in `row` what the client's address stands for.
void note_names(ClientRow& row, const NameState& names);

/// `record` outlives it; a client that was paused begins paused. It goes on with what of `carried` fits its
/// configuration; the rest is logged and closed.
[[nodiscard]] std::unique_ptr<Client> make_client(Worker& worker, Resolver& resolver, ConnectPacer& pacer,
                                                  std::shared_ptr<const ClientPlan> plan,
                                                  ClientRecord& record, CarriedClient carried = {});

}  // namespace tcpctl
