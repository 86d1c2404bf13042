// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "api/control.hpp"
#include "app/access_log.hpp"
#include "app/carry.hpp"
#include "app/crew_threads.hpp"
#include "app/drain.hpp"
#include "app/event_desk.hpp"
#include "app/limits.hpp"
#include "app/listener_entry.hpp"
#include "app/loader.hpp"
#include "app/object_tags.hpp"
#include "app/runtime_changes.hpp"
#include "app/save_plan.hpp"
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

  Supervisor(Loop& loop, CrewThreads& crew, StatsBook& stats, Sources sources, Limits limits,
             SocketKeeper keeper = SocketKeeper{false});

  void set_hooks(Hooks hooks) { hooks_ = std::move(hooks); }
  /// Begins with `design`, and what of `carry` fits it; the rest is logged and closed. Errors: with `strict`,
  /// what could not be bound.
  [[nodiscard]] Result<void> start(Design design, bool strict, Carry carry = {});
  /// Reads the files again and applies what differs; a mistake changes nothing. What was changed at run time
  /// stays, unless `files_win` where they declare it, too.
  ReloadRow reload(bool files_win = false);
  /// ControlPlane::ObjectChange, its body parsed.
  struct ObjectWish {
    ObjectName object;
    ControlPlane::ObjectChange::Verb verb;
    config::Node body;
    std::vector<std::string> tags;
    bool must_be_new;
    std::optional<Duration> drain;
    bool dry_run;
  };
  struct ObjectAnswer {
    ChangeRow row;
    config::Mistakes mistakes;  // of the body; then nothing was done
  };
  /// Errors: as ControlPlane::change.
  [[nodiscard]] Result<ObjectAnswer> change(const ObjectWish& wish);
  /// What a save has to write.
  [[nodiscard]] Unsaved unsaved() const { return {runtime_, files_won_}; }
  /// `saved` has been written by `plan`: unless it changed since, it is declared in a file now.
  void note_saved(const Unsaved& saved, const SavePlan& plan);
  /// Stops to accept and drains all connections for `drain_timeout`, then ends those that remain; a second
  /// call ends them at once.
  void stop();
  /// Leaves within `restart_drain`: listening sockets and standing connections go to the next process. Where
  /// a stop is under way, ends at once.
  void leave();
  /// After the workers have stopped: writes what they told of their last moments.
  void finish() { access_log_.stop(); }
  /// Opens the access log's file anew.
  void reopen_access_log() { access_log_.reopen(); }

  /// Threads: any.
  [[nodiscard]] const Sources& sources() const { return sources_; }
  [[nodiscard]] const config::Config& config() const { return *design_.config; }
  [[nodiscard]] std::shared_ptr<const config::Config> shared_config() const { return design_.config; }
  [[nodiscard]] std::vector<ListenerRow> listeners() const;
  /// Nothing if there is none. `redact`: without secrets in `config`.
  [[nodiscard]] std::optional<ListenerRow> listener_row(const std::string& name, bool redact) const;
  [[nodiscard]] ListenerEntry* listener(const std::string& name);
  /// Fills in what the main thread knows of a client, beside what its worker told.
  void complete(ClientRow& row, const std::string& name, bool redact) const;
  [[nodiscard]] bool has_client(const std::string& name) const { return design_.clients.contains(name); }
  /// Null if there is none.
  [[nodiscard]] std::shared_ptr<const ClientPlan> client_plan(const std::string& name) const {
    return design_.clients.find(name);
  }
  /// The tag of an object's configuration; "" if there is none.
  [[nodiscard]] std::string tag_of(const ObjectName& object) const;
  [[nodiscard]] std::size_t worker_of_client(const std::string& name) const;
  [[nodiscard]] StatusRow status() const;
  /// Fills in how the connections of each listener and client ended.
  void add_ends(StatusRow& row) const;
  [[nodiscard]] bool is_stopping() const { return stopping_ != Stopping::no; }
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
  void complete(ListenerRow& row, bool redact) const;
  [[nodiscard]] static ReloadRow row_of(const config::Difference& difference);
  /// What the files and the changes on top of them say.
  struct Reading {
    Design design;
    RuntimeChanges left;
    std::vector<ReloadRow::Conflict> conflicts;
    std::set<std::string> files_won;
  };
  [[nodiscard]] config::Checked<Reading> read_changes(bool files_win);
  [[nodiscard]] ReloadRow apply(Reading next);
  [[nodiscard]] Result<void> check_tags(const ObjectWish& wish, const config::Written* current) const;
  [[nodiscard]] Result<ObjectAnswer> set_object(const ObjectWish& wish, const config::Node& table,
                                                const config::Written* current);
  [[nodiscard]] Result<ObjectAnswer> remove_object(const ObjectWish& wish);
  [[nodiscard]] Result<void> try_object(const Design& next, const ObjectName& object) const;
  [[nodiscard]] Result<void> apply_object(const Design& next, const ObjectName& object);
  void adopt(Design next, const ChangeRow& row);
  [[nodiscard]] ChangeRow row_of(const ObjectWish& wish, const config::Written& written) const;
  /// The listener that goes on with `session`; null, and `why`, where none can.
  [[nodiscard]] std::shared_ptr<const ListenerPlan> heir_of(const CarriedSession& session) const;
  [[nodiscard]] std::map<std::string, CarriedClient> sort_clients(Carry& carry) const;
  void expect(Carry& carry);
  void resume_sessions(Carry carry);
  void step_leaving();
  void hand_over();
  void drain_gone(const ListenerPlan& plan, Duration time);
  /// Sees the drain of a listener that goes to its end; null for none.
  void keep_draining(const std::string& listener, std::unique_ptr<Drain> drain);
  /// A listener comes, perhaps to the name of one that is still drained.
  void seal_drains(const std::string& listener);
  void on_deadline() override;
  void end_all(Reason reason, bool graceful);
  void tell_status();
  [[nodiscard]] std::string status_text() const;
  struct StatusClock final : Deadline {
    explicit StatusClock(Supervisor& of) : supervisor{of} {}
    void on_deadline() override { supervisor.tell_status(); }
    Supervisor& supervisor;
  };

  CrewThreads& crew_;
  StatsBook& stats_;
  const Sources sources_;
  Limits limits_;
  Wheel wheel_;
  SocketKeeper keeper_;
  EventDesk events_;
  AccessLog access_log_;
  Hooks hooks_;
  Design design_;
  RuntimeChanges runtime_;
  std::set<std::string> files_won_;             // over saved.toml, by a reload: "listeners.web"
  std::vector<ReloadRow::Conflict> conflicts_;  // as the files were read last
  const ObjectTags tags_;
  std::map<std::string, std::unique_ptr<ListenerEntry>> listeners_;
  struct GoneDrain {
    std::string listener;
    std::unique_ptr<Drain> drain;
  };
  std::vector<GoneDrain> drains_;  // of listeners that are gone
  std::optional<ReloadRow> last_reload_;
  std::uint64_t generation_{0};
  const Instant started_{now()};
  const WallTime started_wall_{wall_now()};
  enum class Stopping : std::uint8_t { no, leaving, draining, ending, forced } stopping_{Stopping::no};
  std::string told_status_;
  StatusClock status_clock_{*this};
  Instant drain_until_{};
  std::unique_ptr<Drain> stop_drain_;  // from when on it stops, unless it is forced to
  bool was_empty_{false};
};

}  // namespace tcpctl
