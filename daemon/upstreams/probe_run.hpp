// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "connections/client_connection.hpp"
#include "connections/relay.hpp"
#include "engine/wheel.hpp"
#include "stats/snapshot.hpp"
#include "steps/runner.hpp"
#include "upstreams/dialer.hpp"

namespace tcpctl {

/// What all runs of one probe or health check share.
struct ProbePlan {
  DialOptions dial;
  Steps steps;                           // none: a connection is enough
  Duration timeout{};                    // of the whole run
  SendProxy send_proxy{SendProxy::off};  // a header that says it is our own connection
  Duration close_wait{};  // how long the end of the connection is waited for, to tell how long it took
};

/// Both do the same, whoever they belong to.
[[nodiscard]] bool same_run(const ProbePlan& left, const ProbePlan& right);

/// One run of a probe or a health check: a connection to whichever address answers first, as sessions have
/// it, and its steps taken over it.
///
/// Its time begins with its making, so that a look-up before `dial` counts too. The result comes by
/// `done`, once, never within the constructor; it may destroy the run. It comes when the connection is over,
/// at most `close_wait` after the result is fixed. Destroyed before, the run ends its connection and says
/// nothing. Threads: only on the worker's loop.
class ProbeRun final : private Deadline, private Dialer::Caller {
 public:
  using Done = std::function<void(ProbeRow)>;

  /// `turn` as in AddressList: another one for each run.
  ProbeRun(Worker& worker, std::shared_ptr<const ProbePlan> plan, std::size_t turn, Done done);
  ProbeRun(const ProbeRun&) = delete;
  ProbeRun& operator=(const ProbeRun&) = delete;
  ~ProbeRun();

  /// The name is known, and took from the beginning until now.
  void note_resolved();
  /// Once, as Dialer::dial.
  void dial(Dialer::Hosts hosts);
  void dial(const NameState& names);
  /// Ends it without a connection. `result` is a word of the contract, `got` what happened instead.
  void fail(std::string_view result, const std::string& got);
  /// The result is fixed, and the connection ends.
  [[nodiscard]] bool is_closing() const { return ended_.has_value(); }
  /// Does not wait for the end of the connection any longer; only where it `is_closing`.
  void leave();
  [[nodiscard]] RunningProbeRow progress() const;

 private:
  void on_deadline() override;
  void on_up(ClientConnection& connection) override;
  void on_data(ClientConnection& connection, ByteView bytes) override;
  void on_peer_fin(ClientConnection& connection) override;
  void on_gone(ClientConnection& connection) override;
  void on_dial_failed(const Race::Failure& failure) override;
  void begin_dialing();
  /// Whether what is late may have come already: a loop that was held up hears of time before it reads.
  [[nodiscard]] bool looks_again();
  [[nodiscard]] bool send(const std::string& bytes);
  [[nodiscard]] bool end_sending();
  void after_steps();
  void finish_with_steps(std::string_view detail);
  [[nodiscard]] ProbeRow row() const;
  void finish(ProbeRow row);
  void close(ClientConnection& connection);
  void tell();

  Worker& worker_;
  const std::shared_ptr<const ProbePlan> plan_;
  Done done_;  // null once it is called
  const Instant started_;
  const WallTime started_wall_;
  const Instant until_;
  std::optional<Duration> resolve_, connect_;
  std::optional<Instant> dialing_since_, closing_since_;
  std::optional<Address> address_;  // once it is up
  std::optional<ProbeRow> ended_;   // the result, while the connection ends
  StepRunner steps_;
  Dialer dialer_;
  ClientConnection* connection_{nullptr};  // once it is up
  bool looked_again_{false};
};

/// The result in a few words: "L4OK in 0.4 ms", "L4CON Connection refused", "L7RSP at step 2: got '554 no'".
[[nodiscard]] std::string in_words(const ProbeRow& row);

}  // namespace tcpctl
