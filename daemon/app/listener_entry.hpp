// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/crew_threads.hpp"
#include "app/drain.hpp"
#include "app/socket_keeper.hpp"
#include "endpoints/bound_socket.hpp"
#include "endpoints/plan.hpp"
#include "engine/wheel.hpp"
#include "stats/snapshot.hpp"

namespace tcpctl {

/// One declared listener as the main thread keeps it: its plan, its sockets, what was asked of it.
///
/// Addresses that cannot be bound are tried again every `bind_retry`.
/// Threads: the main thread.
class ListenerEntry final : private Deadline {
 public:
  ListenerEntry(CrewThreads& crew, Wheel& wheel, SocketKeeper& keeper,
                std::shared_ptr<const ListenerPlan> plan);
  ~ListenerEntry();
  /// One whose addresses are all bound. Errors: conflict, with those that are not.
  [[nodiscard]] static Result<std::unique_ptr<ListenerEntry>> bound(CrewThreads& crew, Wheel& wheel,
                                                                    SocketKeeper& keeper,
                                                                    std::shared_ptr<const ListenerPlan> plan);

  /// A new configuration: addresses that are in both keep their sockets. Others are bound before old ones are
  /// let go of, unless the kernel allows only one of them at a time. Where an option cannot be set, sockets
  /// that stay keep those that they have, and `error` says so.
  void set_plan(const std::shared_ptr<const ListenerPlan>& plan);
  /// The same if all its addresses can be bound and all options be set, else conflict, and it goes on as
  /// before.
  [[nodiscard]] Result<void> try_plan(const std::shared_ptr<const ListenerPlan>& plan);
  void pause();
  void resume();
  /// Stops to accept, and ends the connections within `time` as Drain does. Who resumes or pauses ends that.
  void drain(Duration time);
  /// Accepts what the kernel has completed, and closes the sockets. A drain goes on.
  void close();
  /// Accepts no more; the next process goes on with the sockets.
  void leave();
  /// The drain that there is, for whoever sees it to its end; else null.
  [[nodiscard]] std::unique_ptr<Drain> take_drain() { return std::move(drain_); }

  [[nodiscard]] const ListenerPlan& plan() const { return *plan_; }
  [[nodiscard]] bool is_bound() const;
  /// It has not what it should have; one that was closed should have nothing.
  [[nodiscard]] bool has_failed() const { return wish_ != Wish::closed && !is_bound(); }
  /// Tries now what could not be bound, instead of when its time has come.
  void bind_again() {
    if (!all_bound(bindings_)) bind();
  }
  /// Why addresses are not bound, or options are not what they should be.
  [[nodiscard]] std::string error() const {
    return option_error_.empty() ? errors_of(bindings_) : option_error_;
  }
  [[nodiscard]] const std::vector<Binding>& bindings() const { return bindings_; }
  [[nodiscard]] ListenerRow row() const;
  /// The worker that accepts for it and directs its upstreams.
  [[nodiscard]] std::size_t worker() const { return worker_; }

 private:
  enum class Wish : std::uint8_t { up, paused, draining, closed };
  ListenerEntry(CrewThreads& crew, Wheel& wheel, SocketKeeper& keeper,
                std::shared_ptr<const ListenerPlan> plan, std::vector<Binding> bindings);
  void on_deadline() override;
  void bind();
  void watch_bindings(bool was_bound);
  struct Standing {
    std::vector<Binding> wanted;
    bool waits;  // for what is let go of, which is in the way until the acceptor has let go of it, too
  };
  [[nodiscard]] Standing stand(const config::Listener& config) const;
  void take(std::shared_ptr<const ListenerPlan> plan, Standing standing);
  void publish();
  [[nodiscard]] std::string state() const;

  CrewThreads& crew_;
  Wheel& wheel_;
  SocketKeeper& keeper_;
  std::shared_ptr<const ListenerPlan> plan_;
  std::size_t worker_;  // that accepts for it
  std::vector<Binding> bindings_;
  std::shared_ptr<const config::Listener> options_of_;  // which configuration's options the sockets have
  std::string option_error_;
  Wish wish_{Wish::up};
  std::unique_ptr<Drain> drain_;  // there while the wish is
};

}  // namespace tcpctl
