// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "connections/carried.hpp"
#include "connections/client_connection.hpp"
#include "endpoints/attempt_log.hpp"
#include "endpoints/byte_ring.hpp"
#include "endpoints/client.hpp"
#include "endpoints/connect_pacer.hpp"
#include "endpoints/heartbeat.hpp"
#include "engine/wheel.hpp"
#include "steps/runner.hpp"
#include "upstreams/dialer.hpp"
#include "upstreams/name_watch.hpp"

namespace tcpctl {

/// What the connections of one client share. It outlives them.
struct KeepHome {
  KeepHome(Worker& of, Resolver& resolver, std::shared_ptr<const ClientPlan> with, ClientRecord& remembered,
           ConnectPacer& pace);

  [[nodiscard]] const config::Client& config() const { return *plan->config; }
  /// A new configuration of the same address.
  void take(std::shared_ptr<const ClientPlan> next);
  /// The pause after so many failures in a row.
  [[nodiscard]] Duration backoff(unsigned failures);
  /// A connection more or less is up.
  void note_up(int change);
  void note_failure(Reason reason, std::string_view detail);
  /// As NameWatch::when_known.
  void when_known(NameWatch::Answered answered);
  /// What is known of the address.
  [[nodiscard]] NameState names() const;

  Worker& worker;
  std::shared_ptr<const ClientPlan> plan;
  ClientRecord& record;
  ConnectPacer& pacer;
  std::unique_ptr<NameWatch> watch;  // null for a literal: thousands that stand need not remember it
  ByteRing received;
  bool waits_when_full{false};
  std::uint32_t up{0};
  std::minstd_rand random;
};

/// One of the connections that are to be kept up: waits for its turn, resolves, connects, logs in, is up, and
/// after a loss or a failure backs off and begins anew.
///
/// It is up once it is connected and `login` is done. An application success makes the next pause short
/// again: something received behind the login, which an answered heartbeat is, too, or `stable_after` of
/// standing. Threads: only on the worker's loop.
class KeepSlot final : private Deadline, private Dialer::Caller, private ConnectPacer::Turn {
 public:
  enum class State : std::uint8_t { waiting, resolving, connecting, logging_in, up, backing_off, paused };

  /// It begins paused.
  explicit KeepSlot(KeepHome& home) : home_{home}, since_{wall_now()} {}
  ~KeepSlot() { drop(Reason::local_done); }

  /// Connects, as soon as it is its turn.
  void begin();
  /// Ends what there is, and is paused.
  void drop(Reason reason);
  /// Its connection, for another process; null, and it goes on, where there is none that is up and stands.
  [[nodiscard]] std::unique_ptr<CarriedSession> carry();
  /// Goes on with a connection of the process before, in place of `begin`.
  void resume(CarriedSession session);
  /// There is room for received bytes again.
  void read_on();

  [[nodiscard]] State state() const { return state_; }
  /// Null unless it is up.
  [[nodiscard]] ClientConnection* connection() const { return state_ == State::up ? connection_ : nullptr; }
  [[nodiscard]] std::optional<Instant> next_attempt() const {
    return state_ == State::backing_off ? std::optional{next_attempt_} : std::nullopt;
  }
  [[nodiscard]] SlotRow row(std::uint32_t number, Instant time) const;

 private:
  void enter(State state);
  void resolve();
  void on_resolved();
  void connect();
  void back_off();
  void come_up();
  void begin_heartbeat();
  void go_on_with_login();
  void fail_login(const Address& address, std::string_view why);
  void fail_attempt(Reason reason, std::string_view detail, const Address& address);
  void note_down(const ClientConnection& connection, Reason reason);
  void take(ByteView bytes);
  void beat();
  /// Whether what is late may have come already: a loop that was held up hears of time before it reads.
  [[nodiscard]] bool looks_again();
  void tell(EventKind kind, const ClientConnection& connection, std::optional<Reason> reason);
  [[nodiscard]] bool is_stable(Instant time) const {
    return state_ == State::up && time - up_since_ >= home_.config().stable_after;
  }

  void on_turn() override;
  void on_deadline() override;
  void on_up(ClientConnection& connection) override;
  void on_data(ClientConnection& connection, ByteView bytes) override;
  void on_peer_fin(ClientConnection& connection) override;
  void on_gone(ClientConnection& connection) override;
  void on_dial_failed(const Race::Failure& failure) override;
  [[nodiscard]] std::size_t room() const override;
  [[nodiscard]] bool can_go_on() const override { return state_ == State::up; }

  KeepHome& home_;
  std::shared_ptr<const ClientPlan> plan_;  // of this attempt
  State state_{State::paused};
  bool resolved_{false};       // of this attempt
  bool asking_now_{false};     // the answer comes within the question
  bool looked_again_{false};   // for what is late
  std::uint32_t failures_{0};  // in a row
  std::uint64_t attempts_{0};
  WallTime since_, began_wall_{};
  Instant began_{}, connecting_since_{}, up_since_{}, next_attempt_{};
  Duration connect_took_{};
  std::unique_ptr<Dialer> dialer_;         // while it connects
  ClientConnection* connection_{nullptr};  // while it logs in or is up
  std::shared_ptr<int> resolving_;         // its end cancels the callback of a look-up
  std::unique_ptr<StepRunner> login_;
  std::unique_ptr<Heartbeat> heartbeat_;
  std::string held_;  // what came with the end of a login and has no room yet
  AttemptLog log_;
};

}  // namespace tcpctl
