// SPDX-License-Identifier: Apache-2.0
#include "app/supervisor.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include "app/key_table.hpp"
#include "app/overruled.hpp"
#include "app/systemd.hpp"
#include "base/log.hpp"
#include "config/value.hpp"
#include "connections/connection.hpp"

namespace tcpctl {
namespace {

constexpr Duration kStopPoll = std::chrono::milliseconds{20};
constexpr Duration kStatusEvery = std::chrono::seconds{5};
constexpr Duration kForceAfter = std::chrono::seconds{2};  // beyond the longest close_timeout

std::set<std::string> changed_names(const config::Difference& difference) {
  std::set<std::string> names;
  for (const auto& change : difference.changed) names.insert(change.name);
  return names;
}

Duration longest_close_timeout(const Design& design) {
  Duration longest{0};
  for (const auto& [name, plan] : design.listeners) longest = std::max(longest, plan->owner->close_timeout);
  for (const auto& plan : design.clients) longest = std::max(longest, plan->owner->close_timeout);
  return longest;
}

// What reading the files took and gave back the C library keeps, for thousands of clients a good part of all.
void give_memory_back() { ::malloc_trim(0); }

}  // namespace

Supervisor::Supervisor(Loop& loop, CrewThreads& crew, StatsBook& stats, Sources sources, Limits limits,
                       SocketKeeper keeper)
    : crew_{crew},
      stats_{stats},
      sources_{std::move(sources)},
      limits_{limits},
      wheel_{loop},
      keeper_{std::move(keeper)},
      events_{loop, crew},
      access_log_{crew} {}

Result<void> Supervisor::start(Design design, bool strict, Carry carry) {
  design_ = std::move(design);
  conflicts_ = std::exchange(design_.conflicts, {});
  log_conflicts(conflicts_);
  auto change = access_log_.prepare(design_.config->access_log);
  if (!change) return tl::make_unexpected(std::move(change).error());
  if (*change) access_log_.apply(std::move(**change));
  events_.set_limit(design_.config->history.events);
  expect(carry);
  apply_listeners(design_, {});
  keeper_.drop_rest();
  for (const auto& [name, listener] : listeners_) {
    if (strict && !listener->is_bound())
      return fail(Errc::io, "listener '" + name + "': " + listener->error());
  }
  apply_connect_rate();
  auto carried = sort_clients(carry);
  for (const auto& plan : design_.clients) {
    const auto had = std::make_shared<CarriedClient>(std::move(carried[plan->owner->name]));
    crew_.post(worker_of_client(plan->owner->name),
               [client = plan, had](Hub& hub) { hub.set_client(client, std::move(*had)); });
  }
  resume_sessions(std::move(carry));
  give_memory_back();
  tell_status();
  return {};
}

void Supervisor::apply_listeners(const Design& next, const Changed& changed) {
  std::erase_if(listeners_, [&](const auto& entry) {
    if (next.listeners.contains(entry.first)) return false;
    entry.second->close();
    keep_draining(entry.first, entry.second->take_drain());
    return true;
  });
  crew_.settle();  // what was closed may be wanted by another name
  for (const auto& [name, plan] : next.listeners) {
    auto& entry = listeners_[name];
    if (!entry) {
      seal_drains(name);
      entry = std::make_unique<ListenerEntry>(crew_, wheel_, keeper_, plan);
    } else if (changed.contains("listeners." + name)) {
      entry->set_plan(plan);
    }
  }
  // One may have wanted an address that another has let go of only after it.
  for (const auto& [name, entry] : listeners_) entry->bind_again();
}

void Supervisor::apply_clients(const Design& next, const Changed& changed) {
  for (const auto& plan : design_.clients) {
    const std::string& name = plan->owner->name;
    if (next.clients.contains(name)) continue;
    crew_.post(worker_of_client(name), [client = name](Hub& hub) { hub.remove_client(client); });
  }
  for (const auto& plan : next.clients) {
    const std::string& name = plan->owner->name;
    if (design_.clients.contains(name) && !changed.contains("clients." + name)) continue;
    crew_.post(worker_of_client(name), [client = plan](Hub& hub) { hub.set_client(client); });
  }
}

// Which client is on which worker is by chance, so that each has its share.
void Supervisor::apply_connect_rate() {
  const double share = design_.config->daemon.connect_rate / static_cast<double>(crew_.size());
  crew_.post_all([share](Hub& hub) { hub.set_connect_rate(share); });
}

Result<void> Supervisor::agree_to(const config::Config& next) {
  auto change = access_log_.prepare(next.access_log);
  if (!change) return tl::make_unexpected(std::move(change).error());
  if (auto access = hooks_.reload_access(next); !access) return access;
  if (*change) access_log_.apply(std::move(**change));
  return {};
}

ReloadRow Supervisor::reload(bool files_win) {
  ReloadRow row;
  row.at = wall_now();
  if (stopping_ != Stopping::no) {
    row.ok = false;
    row.errors.emplace_back("the daemon is stopping; nothing was changed");
    return row;
  }
  systemd::reloading();
  if (auto changes = read_changes(files_win)) {
    row = apply(std::move(*changes));
  } else {
    row.ok = false;
    for (const auto& mistake : changes.error()) row.errors.push_back(mistake.text());
  }
  if (!row.ok)
    log::error("reload.refused", log::f("errors", row.errors.size()), log::f("first", row.errors.front()));
  row.at = wall_now();
  last_reload_ = row;
  events_.tell_reload(row.ok ? fmt::format("{} added, {} changed, {} removed, {} kept", row.added.size(),
                                           row.changed.size(), row.removed.size(), row.kept.size())
                             : "refused: " + row.errors.front());
  give_memory_back();
  systemd::ready();
  tell_status();
  return row;
}

config::Checked<Supervisor::Reading> Supervisor::read_changes(bool files_win) {
  auto files = read(sources_, {.all = files_win, .objects = files_won_});
  if (!files) return tl::make_unexpected(std::move(files).error());
  auto top = runtime_.put_on(std::move(files->root), files_win);
  auto design = design_of(top.root, stats_);
  if (!design) return tl::make_unexpected(std::move(design).error());
  auto hidden = hidden_mistakes(*files);
  std::move(top.mistakes.begin(), top.mistakes.end(), std::back_inserter(hidden));
  if (!hidden.empty()) return tl::make_unexpected(std::move(hidden));
  auto conflicts = conflicts_of(*files, top.left, std::move(top.conflicts));
  Reading reading{std::move(*design), std::move(top.left), std::move(conflicts), {}};
  for (const auto& one : files->overruled) {
    if (one.file_won) reading.files_won.insert(one.name);
  }
  return reading;
}

ReloadRow Supervisor::apply(Reading next) {
  if (auto agreed = agree_to(*next.design.config); !agreed) {
    ReloadRow refused;
    refused.ok = false;
    refused.errors.push_back(agreed.error().what);
    return refused;
  }
  const config::Config &before = *design_.config, &after = *next.design.config;
  const auto difference = config::difference(before, after, key_table());
  ReloadRow row = row_of(difference);
  row.conflicts = std::move(next.conflicts);
  const Changed changed = changed_names(difference);
  if (after.history.events != before.history.events) events_.set_limit(after.history.events);
  if (after.log.level != before.log.level) log::set_level(after.log.level);
  apply_listeners(next.design, changed);
  apply_clients(next.design, changed);
  design_ = std::move(next.design);
  runtime_ = std::move(next.left);
  files_won_ = std::move(next.files_won);
  conflicts_ = row.conflicts;
  ++generation_;
  limits_ = take_limits(design_.config->daemon.max_connections, crew_.size());
  crew_.set_max_connections(limits_.connections);
  apply_connect_rate();
  for (const auto& [name, entry] : listeners_) {
    if (!entry->is_bound() || !entry->error().empty()) row.failed.push_back("listeners." + name);
  }
  log::info("reload.done", log::f("added", row.added.size()), log::f("changed", row.changed.size()),
            log::f("removed", row.removed.size()), log::f("kept", row.kept.size()),
            log::f("conflicts", row.conflicts.size()));
  log_conflicts(row.conflicts);
  return row;
}

ReloadRow Supervisor::row_of(const config::Difference& difference) {
  ReloadRow row;
  row.added = difference.added;
  row.removed = difference.removed;
  row.kept = difference.kept;
  for (const auto& change : difference.changed) {
    ReloadRow::Change changed{change.name, {}};
    for (const auto& [key, applies] : change.keys) changed.keys.emplace_back(key, applies_text(applies));
    row.changed.push_back(std::move(changed));
  }
  return row;
}

void Supervisor::stop() {
  if (stopping_ == Stopping::leaving) {
    hooks_.stopped();
    return;
  }
  if (stopping_ != Stopping::no) {
    stopping_ = Stopping::forced;
    stop_drain_.reset();
    wheel_.set(*this, now());
    return;
  }
  stopping_ = Stopping::draining;
  systemd::stopping();
  systemd::extend_timeout(drain_timeout() + longest_close_timeout(design_) + 2 * kForceAfter);
  tell_status();
  log::info("daemon.stopping", log::f("connections", crew_.crew().sockets()),
            log::f("drain_timeout", duration_text(drain_timeout())));
  for (auto& [name, entry] : listeners_) entry->close();
  crew_.post_all([](Hub& hub) { hub.stop_clients(); });
  drain_until_ = now() + drain_timeout();
  const auto sessions = [](const Connection& connection) { return connection.facts().owner->in_history; };
  stop_drain_ = std::make_unique<Drain>(
      wheel_, "daemon", drain_timeout(),
      Drain::Hooks{closing(crew_, sessions), [this] { return crew_.crew().sockets(); }});
  wheel_.set(*this, now() + kStopPoll);
}

void Supervisor::on_deadline() {
  if (stopping_ == Stopping::leaving) {
    step_leaving();
    return;
  }
  // Twice, since an accepted connection may just be on its way from one worker to another.
  const bool is_empty = crew_.crew().load() == 0;
  if (is_empty && was_empty_) {
    hooks_.stopped();
    return;
  }
  was_empty_ = is_empty;
  if (now() >= drain_until_ && stopping_ == Stopping::draining) {
    stopping_ = Stopping::ending;
    drain_until_ = now() + longest_close_timeout(design_) + kForceAfter;
  } else if (now() >= drain_until_ && stopping_ == Stopping::ending) {
    stopping_ = Stopping::forced;
  }
  // Again each time, for those who were still on their way to their worker the time before.
  if (stopping_ != Stopping::draining) end_all(Reason::drain, stopping_ == Stopping::ending);
  wheel_.set(*this, now() + kStopPoll);
}

void Supervisor::end_all(Reason reason, bool graceful) {
  crew_.post_all([=](Hub& hub) {
    hub.worker().access().expect_the_last();
    hub.end_connections([](const Connection&) { return true; }, reason, graceful);
  });
}

std::size_t Supervisor::worker_of_client(const std::string& name) const {
  return std::hash<std::string>{}(name) % crew_.size();
}

void Supervisor::tell_status() {
  const std::string text = status_text();
  if (text != told_status_) systemd::status(text);
  told_status_ = text;
  wheel_.set(status_clock_, now() + kStatusEvery);
}

std::string Supervisor::status_text() const {
  const std::uint64_t connections = crew_.crew().sockets();
  if (stopping_ == Stopping::leaving) return fmt::format("restarting with {} connections", connections);
  if (stopping_ != Stopping::no) {
    return fmt::format("stopping: {} connections, at most {}", connections, duration_text(drain_timeout()));
  }
  std::string failed;
  for (const auto& [name, entry] : listeners_) {
    if (entry->has_failed()) failed = failed.empty() ? name : failed + ", " + name;
  }
  return fmt::format("{} listeners{}, {} clients, {} connections{}", listeners_.size(),
                     failed.empty() ? "" : fmt::format(" (failed: {:.100})", failed), design_.clients.size(),
                     connections, last_reload_ && !last_reload_->ok ? "; the last reload was refused" : "");
}

}  // namespace tcpctl
