// SPDX-License-Identifier: Apache-2.0
// The part of Control that changes something.
#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "app/control.hpp"
#include "app/key_table.hpp"
#include "app/save_plan.hpp"
#include "app/turn.hpp"
#include "base/atomic_file.hpp"
#include "connections/connection.hpp"
#include "connections/listing.hpp"

namespace tcpctl {
namespace {

constexpr std::size_t kEndedAtOnce = 32;            // some 0.5 ms
constexpr std::chrono::seconds kLongestReload{60};  // of thousands, on a machine that has much to do
constexpr std::chrono::hours kUntilTheEnd{24};
constexpr mode_t kSavedMode = 0600;  // secrets are in it

tl::unexpected<Error> only_some(Error error, std::uint64_t done, std::uint64_t all) {
  if (done > 0)
    error.what = fmt::format("{}, but {} of {} connections were ended before", error.what, done, all);
  return tl::make_unexpected(std::move(error));
}

std::vector<ControlPlane::Problem> problems_of(const config::Mistakes& mistakes) {
  std::vector<ControlPlane::Problem> problems;
  for (const auto& mistake : mistakes) problems.push_back({mistake.place.pointer, mistake.what});
  return problems;
}

}  // namespace

template <class Change>
Result<void> Control::change_listener(const std::string& name, Change what) {
  return flat(ask_.change().main([this, name, what]() -> Result<void> {
    if (supervisor_.is_stopping())
      return fail(Errc::unavailable, "the daemon is stopping; nothing was changed");
    ListenerEntry* const entry = supervisor_.listener(name);
    if (entry == nullptr) return fail(Errc::not_found, "no listener '" + name + "'");
    what(*entry);
    return {};
  }));
}

Result<void> Control::pause_listener(const std::string& name) {
  return change_listener(name, [](ListenerEntry& entry) { entry.pause(); });
}

Result<void> Control::resume_listener(const std::string& name) {
  return change_listener(name, [](ListenerEntry& entry) { entry.resume(); });
}

Result<void> Control::drain_listener(const std::string& name, std::optional<Duration> time) {
  return change_listener(
      name, [this, time](ListenerEntry& entry) { entry.drain(time.value_or(supervisor_.drain_timeout())); });
}

Result<UpstreamRow> Control::change_upstream(const std::string& listener, const std::string& upstream,
                                             const UpstreamChange& wanted) {
  return ask_director(ask_.change(), listener, [=](Director* director) -> Result<UpstreamRow> {
    if (director == nullptr)
      return fail(Errc::not_found, "listener '" + listener + "' does not forward; it has no upstreams");
    return director->change(upstream, wanted);
  });
}

Result<void> Control::change_client(const std::string& name, Result<void> (*what)(Client&)) {
  auto request = ask_.change();
  return ask_client(request, name, what);
}

Result<void> Control::pause_client(const std::string& name) {
  return change_client(name, [](Client& client) -> Result<void> {
    client.pause();
    return {};
  });
}

Result<void> Control::resume_client(const std::string& name) {
  return change_client(name, [](Client& client) -> Result<void> {
    client.resume();
    return {};
  });
}

Result<void> Control::reconnect_client(const std::string& name) {
  return change_client(name, [](Client& client) { return client.reconnect(); });
}

Result<void> Control::kill(ConnectionId id, Kill how) {
  if (worker_of(id) >= crew_.size()) return fail(Errc::not_found, "no connection '" + id_text(id) + "'");
  return flat(ask_.change().worker(worker_of(id), [id, how](Hub& hub) -> Result<void> {
    hub.worker().tick();
    Connection* const connection = hub.worker().find(id);
    if (connection == nullptr) return fail(Errc::not_found, "no open connection '" + id_text(id) + "'");
    connection->end(Reason::admin_kill, how == Kill::graceful);
    return {};
  }));
}

// Some at a time, between which the loops turn; each time with a deadline of its own.
Result<std::uint64_t> Control::kill_matching(const ConnectionQuery& query, Kill how) {
  ConnectionQuery all = query;
  all.limit = std::numeric_limits<std::size_t>::max();
  const auto terms = std::make_shared<const ListTerms>(ListTerms{all, ListTerms::Of::open});
  const auto found = search_all(terms, crew_.size(), asking(ask_.request()));
  if (!found) return tl::make_unexpected(found.error());
  std::vector<std::vector<ConnectionId>> ids(crew_.size());
  for (const auto& place : found->found.places)
    ids.at(worker_of(ConnectionId{place.id})).push_back(ConnectionId{place.id});
  std::uint64_t done = 0;
  for (std::size_t worker = 0; worker < ids.size(); ++worker) {
    for (std::size_t at = 0; at < ids[worker].size(); at += kEndedAtOnce) {
      const auto slice = std::span{ids[worker]}.subspan(at, std::min(kEndedAtOnce, ids[worker].size() - at));
      const auto ended = ask_.change().worker(
          worker, [terms, how, some = std::vector(slice.begin(), slice.end())](Hub& hub) {
            hub.worker().tick();
            for (const ConnectionId id : some) {
              Connection* const connection = hub.worker().find(id);
              if (connection != nullptr && belongs(*connection, *terms))
                connection->end(Reason::admin_kill, how == Kill::graceful);
            }
            return true;
          });
      if (!ended) return only_some(ended.error(), done, found->total);
      done += slice.size();
    }
  }
  return found->total;
}

Result<ReloadRow> Control::reload(bool files_win) {
  return flat(ask_.change(kLongestReload).main([this, files_win]() -> Result<ReloadRow> {
    // It might take back what is just being written.
    if (files_win && saving_) return fail(Errc::conflict, "a save is under way; try again");
    return supervisor_.reload(files_win);
  }));
}

Result<ControlPlane::ChangeAnswer> Control::change(const ObjectChange& wanted) {
  Supervisor::ObjectWish wish{.object = wanted.object,
                              .verb = wanted.verb,
                              .body = {},
                              .tags = wanted.tags,
                              .must_be_new = wanted.must_be_new,
                              .drain = wanted.drain,
                              .dry_run = wanted.dry_run};
  if (wanted.verb != ObjectChange::Verb::remove) {
    auto body = config::parse_json(wanted.body);  // here, since it may be large
    if (!body) return ChangeAnswer{{}, problems_of(body.error())};
    wish.body = *std::move(body);
  }
  return flat(ask_.change().main([this, wish = std::move(wish)]() -> Result<ChangeAnswer> {
    auto answer = supervisor_.change(wish);
    if (!answer) return tl::make_unexpected(std::move(answer).error());
    return ChangeAnswer{std::move(answer->row), problems_of(answer->mistakes)};
  }));
}

// The files are read and written here, so that the main loop does not wait for the disk.
Result<SaveRow> Control::save(bool dry_run) {
  std::optional<Turn> turn;
  if (!dry_run && !turn.emplace(saving_)) return fail(Errc::conflict, "another save is under way; try again");
  const Sources& sources = supervisor_.sources();
  if (sources.state.empty()) {
    return fail(
        Errc::conflict,
        "tcpctld -c has no state folder to save into: write daemon.state into the file, and restart it");
  }
  const auto unsaved = ask_.main([this] { return supervisor_.unsaved(); });
  if (!unsaved) return tl::make_unexpected(unsaved.error());
  auto plan = plan_save(sources, *unsaved);
  if (!plan) {
    SaveRow refused;
    for (const auto& mistake : plan.error()) refused.errors.push_back(mistake.text());
    return refused;
  }
  if (!plan->row.unchanged) {
    if (auto possible = may_write(*plan); !possible) return tl::make_unexpected(std::move(possible).error());
  }
  plan->row.dry_run = dry_run;
  if (dry_run) return plan->row;
  if (!plan->row.unchanged) {
    if (auto written = write_atomically(plan->file, plan->text, kSavedMode); !written)
      return tl::make_unexpected(std::move(written).error());
  }
  // It is saved now, so that this comes to its end, unless the daemon does, which then needs it no more.
  static_cast<void>(ask_.change(kUntilTheEnd).main([this, unsaved = *unsaved, plan = *plan] {
    supervisor_.note_saved(unsaved, plan);
    return true;
  }));
  return plan->row;
}

Result<std::vector<ControlPlane::Problem>> Control::check_config(const std::string& json) {
  StatsBook scratch{1};
  const auto root = config::parse_json(json);
  const auto design =
      root ? design_of(*root, scratch) : config::Checked<Design>{tl::make_unexpected(root.error())};
  return design ? std::vector<Problem>{} : problems_of(design.error());
}

Result<void> Control::set_log_level(log::Level level) {
  log::set_level(level);
  return {};
}

}  // namespace tcpctl
