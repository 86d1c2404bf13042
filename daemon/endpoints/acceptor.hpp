// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "connections/refused.hpp"
#include "endpoints/admission.hpp"
#include "endpoints/bound_socket.hpp"
#include "endpoints/crew.hpp"
#include "endpoints/plan.hpp"
#include "engine/wheel.hpp"

namespace tcpctl {

/// Accepts for one listener, on one worker, and hands each connection to the worker with the least to do.
///
/// Pausing leaves what comes in the kernel's queue. A shortage of descriptors or memory pauses it for a
/// moment and is counted; where it lasts, a spare descriptor turns the waiting away, so that they learn of
/// it. At the listener's own limit, those of its connections that only wait for their peer's FIN give way
/// before anybody is refused. Threads: only on the hub's loop.
class Acceptor final : private Deadline {
 public:
  Acceptor(Worker& worker, const Crew& crew, std::shared_ptr<const ListenerPlan> plan);
  ~Acceptor();

  /// What is in both is kept; what is no longer in `sockets` is drained of completed connections before it
  /// closes.
  void set(std::shared_ptr<const ListenerPlan> plan, const std::vector<BoundSocketPtr>& sockets);
  void pause();
  void resume();
  /// Accepts what the kernel has completed and closes the sockets: nobody who was let in is reset.
  void close();
  /// Lets go of the sockets as they are: who is in their queues waits for the next process.
  void leave();
  [[nodiscard]] Admission& admission() { return admission_; }
  [[nodiscard]] const Counter& shortages() const { return shortages_; }

 private:
  struct Door {
    Acceptor* acceptor;
    BoundSocketPtr socket;
    EventPtr event;
  };
  class Batch;
  /// One for whom others give way; the rest waits in the queue meanwhile.
  struct Newcomer {
    Fd fd;
    Address remote;
  };

  static void on_connections(evutil_socket_t fd, short what, void* door);
  void on_deadline() override;
  enum class Outcome { one, none, shortage };
  Outcome accept_one(const Door& door, Batch& batch);
  void accept_some(const Door& door, std::size_t most);
  void accept_batch(const Door& door, std::size_t most);
  void drain(Door& door);
  void await_handshakes(const Door& door);
  void admit(Fd fd, const Address& remote, Batch& batch);
  /// Tells that a limit is met, once until it has not been met for a while.
  void note_limit(Refusal limit);
  void note_refused(Refusal refusal, const Fd& fd, const Address& remote);
  [[nodiscard]] bool others_may_give_way(const Address& remote);
  void let_others_give_way(const Door& door, Fd fd, const Address& remote);
  void decide_newcomer();
  void call_for_room(const Door& door, std::size_t at_hand);
  [[nodiscard]] bool must_wait(const Door& door);
  [[nodiscard]] std::optional<Refusal> refusal_of(const Address& remote, SourcePlace& place);
  /// Those whom a limit let wait in the queue, when the queue is closed behind them.
  [[nodiscard]] bool lets_in_all() const { return last_call_ && plan_->config->on_limit == "wait"; }
  [[nodiscard]] bool is_at_own_limit() const;
  [[nodiscard]] bool is_full() const;
  void hold_back(Duration time);
  void on_shortage(const Door& door);
  void turn_away(const Door& door);
  void enable(bool on);
  [[nodiscard]] PartyStats& stats() { return *plan_->owner->stats; }

  Worker& worker_;
  const Crew& crew_;
  std::shared_ptr<const ListenerPlan> plan_;
  Admission admission_;
  RefusedRecorder refused_;
  std::vector<std::unique_ptr<Door>> doors_;
  bool paused_{false};
  bool last_call_{false};  // the door is being closed behind those who are in
  unsigned shortages_in_a_row_{0};
  std::optional<Newcomer> newcomer_;
  std::array<std::optional<Instant>, kRefusals> limits_met_{};
  Counter shortages_;
  Fd spare_;
};

}  // namespace tcpctl
