// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/access_log.hpp"
#include "app/crew_threads.hpp"
#include "app/event_desk.hpp"
#include "app/limits.hpp"
#include "app/listener_entry.hpp"
#include "app/loader.hpp"
#include "engine/wheel.hpp"
#include "stats/snapshot.hpp"

namespace tcpctl {

/// Holds what is declared and brings it to the workers: it starts, changes by difference, and ends listeners
/// and clients.
///
/// Threads: only the main thread, on its loop.
class Supervisor final : private Deadline {
 public:
  /// `reload_access` is called with each new configuration and may refuse it.
  struct Hooks {
    std::function<Result<void>(const config::Config&)> reload_access;
    std::function<void()> stopped;  // the drain is over, or was cut short
  };

  Supervisor(Loop& loop, CrewThreads& crew, StatsBook& stats, std::filesystem::path file, Limits limits);

  void set_hooks(Hooks hooks) { hooks_ = std::move(hooks); }
  /// Begins with `design`. Errors: with `strict`, what could not be bound.
  [[nodiscard]] Result<void> start(Design design, bool strict);
  /// Reads the files again and applies what differs; a mistake changes nothing.
  ReloadRow reload();
  /// Stops to accept, waits `drain_timeout` for connections to end, then ends them; a second call ends them
  /// at once.
  void stop();
  /// After the workers have stopped: writes what they told of their last moments.
  void finish() { access_log_.stop(); }
  /// Opens the access log's file anew.
  void reopen_access_log() { access_log_.reopen(); }

  [[nodiscard]] const config::Config& config() const { return *design_.config; }
  [[nodiscard]] std::vector<ListenerRow> listeners() const;
  [[nodiscard]] ListenerEntry* listener(const std::string& name);
  /// Fills in what the main thread knows of a client, beside what its worker told.
  void complete(ClientRow& row, const std::string& name) const;
  [[nodiscard]] bool has_client(const std::string& name) const { return design_.clients.contains(name); }
  /// Null if there is none.
  [[nodiscard]] std::shared_ptr<const ClientPlan> client_plan(const std::string& name) const {
    return design_.clients.find(name);
  }
  [[nodiscard]] std::size_t worker_of_client(const std::string& name) const;
  [[nodiscard]] StatusRow status() const;
  /// Fills in how the connections of each listener and client ended.
  void add_ends(StatusRow& row) const;
  [[nodiscard]] Duration drain_timeout() const { return design_.config->daemon.drain_timeout; }
  [[nodiscard]] StatsBook& stats() { return stats_; }
  [[nodiscard]] EventDesk& events() { return events_; }

 private:
  using Changed = std::set<std::string>;  // "listeners.web", "clients.feed"
  void apply_listeners(const Design& next, const Changed& changed);
  void apply_connect_rate();
  void apply_clients(const Design& next, const Changed& changed);
  /// Gives what may refuse `next` its say, and opens what it needs; where nobody refuses, its access log
  /// holds.
  [[nodiscard]] Result<void> agree_to(const config::Config& next);
  [[nodiscard]] ReloadRow row_of(const config::Difference& difference) const;
  void on_deadline() override;
  void end_all(Reason reason, bool graceful);
  void tell_status() const;

  CrewThreads& crew_;
  StatsBook& stats_;
  const std::filesystem::path file_;
  Limits limits_;
  Wheel wheel_;
  EventDesk events_;
  AccessLog access_log_;
  Hooks hooks_;
  Design design_;
  std::map<std::string, std::unique_ptr<ListenerEntry>> listeners_;
  std::optional<ReloadRow> last_reload_;
  std::uint64_t generation_{0};
  const Instant started_{now()};
  const WallTime started_wall_{wall_now()};
  enum class Stopping : std::uint8_t { no, draining, ending, forced } stopping_{Stopping::no};
  Instant drain_until_{};
  bool was_empty_{false};
};

}  // namespace tcpctl
