// SPDX-License-Identifier: Apache-2.0
// What is changed at run time, one object at a time.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "app/key_table.hpp"
#include "app/supervisor.hpp"
#include "base/log.hpp"
#include "config/value.hpp"
#include "connections/connection.hpp"

namespace tcpctl {
namespace {

using Outcome = ChangeRow::Outcome;
using Verb = ControlPlane::ObjectChange::Verb;

tl::unexpected<Error> not_declared(const ObjectName& object) {
  return fail(Errc::not_found, "no " + object.label());
}

}  // namespace

Result<void> Supervisor::check_tags(const ObjectWish& wish, const config::Written* current) const {
  if (wish.must_be_new && current != nullptr) {
    return fail(Errc::outdated, wish.object.label() + " exists already; nothing was changed");
  }
  if (wish.tags.empty()) return {};
  if (current == nullptr) return fail(Errc::outdated, "there is no " + wish.object.label() + " any more");
  const auto tag = tags_.of(wish.object, *current);
  if (std::ranges::any_of(wish.tags, [&](const auto& one) { return one == "*" || one == tag; })) return {};
  return fail(Errc::outdated, wish.object.label() + " was changed since it was read; read it again");
}

Result<Supervisor::ObjectAnswer> Supervisor::change(const ObjectWish& wish) {
  if (stopping_ != Stopping::no)
    return fail(Errc::unavailable, "the daemon is stopping; nothing was changed");
  const config::Written* const current = find_object(*design_.config, wish.object);
  if (current == nullptr && wish.verb != Verb::put) return not_declared(wish.object);
  if (auto expected = check_tags(wish, current); !expected)
    return tl::make_unexpected(std::move(expected).error());
  if (wish.verb == Verb::remove) return remove_object(wish);
  config::Node table = wish.body;
  if (wish.verb == Verb::patch) {
    table = current->node();
    table.merge(wish.body);
  }
  return set_object(wish, table, current);
}

Result<Supervisor::ObjectAnswer> Supervisor::set_object(const ObjectWish& wish, const config::Node& table,
                                                        const config::Written* current) {
  const ObjectName& object = wish.object;
  auto next = with_object(design_, object, table, stats_);
  if (!next) return ObjectAnswer{{}, std::move(next).error()};
  const config::Written& written = *find_object(*next->config, object);
  ObjectAnswer answer{row_of(wish, written), {}};
  ChangeRow& row = answer.row;
  row.outcome = current == nullptr ? Outcome::created : Outcome::changed;
  if (current != nullptr) {
    const auto keys = config::difference(*current, written, key_table(), object.path());
    for (const auto& [key, applies] : keys) row.keys.emplace_back(key, applies_text(applies));
    if (keys.empty()) {
      answer.row = row_of(wish, *current);
      return answer;
    }
  }
  if (auto done = wish.dry_run ? try_object(*next, object) : apply_object(*next, object); !done)
    return tl::make_unexpected(std::move(done).error().within(object.label()));
  if (wish.dry_run) return answer;
  runtime_.put(object, written, is_of_file(*design_.config, object));
  adopt(std::move(*next), row);
  return answer;
}

Result<Supervisor::ObjectAnswer> Supervisor::remove_object(const ObjectWish& wish) {
  const ObjectName& object = wish.object;
  ObjectAnswer answer;
  answer.row.name = object.name;
  answer.row.outcome = Outcome::removed;
  answer.row.dry_run = wish.dry_run;
  if (wish.dry_run) return answer;
  if (object.kind == ObjectKind::listener) {
    const auto found = listeners_.find(object.name);
    found->second->close();
    auto drain = found->second->take_drain();
    listeners_.erase(found);
    crew_.settle();  // its address may be wanted next
    crew_.settle();  // whom that accepted is on the worker that serves it, should its name be wanted next
    if (wish.drain) {
      drain_gone(*design_.listeners.at(object.name), *wish.drain);
    } else {
      keep_draining(object.name, std::move(drain));
    }
  } else {
    crew_.post(worker_of_client(object.name),
               [client = object.name](Hub& hub) { hub.remove_client(client); });
  }
  runtime_.remove(object, is_of_file(*design_.config, object));
  adopt(without_object(design_, object), answer.row);
  return answer;
}

Result<void> Supervisor::try_object(const Design& next, const ObjectName& object) const {
  if (object.kind == ObjectKind::client) return {};
  const auto found = listeners_.find(object.name);
  return try_to_bind(*next.listeners.at(object.name)->config,
                     found == listeners_.end() ? std::vector<Binding>{} : found->second->bindings(),
                     keeper_.passed());
}

Result<void> Supervisor::apply_object(const Design& next, const ObjectName& object) {
  if (object.kind == ObjectKind::client) {
    crew_.post(worker_of_client(object.name),
               [client = next.clients.find(object.name)](Hub& hub) { hub.set_client(client); });
    return {};
  }
  const auto& plan = next.listeners.at(object.name);
  if (const auto found = listeners_.find(object.name); found != listeners_.end())
    return found->second->try_plan(plan);
  seal_drains(object.name);  // before anybody can connect to it
  auto entry = ListenerEntry::bound(crew_, wheel_, keeper_, plan);
  if (!entry) return tl::make_unexpected(std::move(entry).error());
  listeners_.emplace(object.name, std::move(*entry));
  return {};
}

void Supervisor::adopt(Design next, const ChangeRow& row) {
  design_ = std::move(next);
  ++generation_;
  log::info("config.changed", log::f("name", row.name), log::f("keys", row.keys.size()),
            log::f("generation", generation_));
  tell_status();
}

void Supervisor::note_saved(const Unsaved& saved, const SavePlan& plan) {
  auto config = std::make_shared<config::Config>(*design_.config);
  const auto declare = [](auto& objects, const std::string& name) {
    auto& object = objects.at(name);
    auto declared = *object;
    declared.source = config::Source::file;
    object = std::make_shared<const decltype(declared)>(std::move(declared));
  };
  for (const auto& [object, table] : runtime_.all()) {
    const auto found = saved.changes.all().find(object);
    if (!table || found == saved.changes.all().end() || found->second != table) continue;
    if (object.kind == ObjectKind::listener) {
      declare(config->listeners, object.name);
    } else {
      declare(config->clients, object.name);
    }
  }
  design_.config = std::move(config);
  runtime_.note_saved(saved.changes, [&](const ObjectName& object) {
    return find_object(*design_.config, object) != nullptr;
  });
  for (const auto& name : saved.files_won) files_won_.erase(name);
  conflicts_ = plan.conflicts;
  if (plan.row.unchanged) return;
  log::info("config.saved", log::f("file", plan.row.file), log::f("saved", plan.row.saved.size()),
            log::f("removed", plan.row.removed.size()), log::f("given_back", plan.row.given_back.size()));
}

ChangeRow Supervisor::row_of(const ObjectWish& wish, const config::Written& written) const {
  ChangeRow row;
  row.name = wish.object.name;
  row.dry_run = wish.dry_run;
  row.config = written.json();
  row.tag = tags_.of(wish.object, written);
  return row;
}

std::string Supervisor::tag_of(const ObjectName& object) const {
  const config::Written* const written = find_object(*design_.config, object);
  return written == nullptr ? "" : tags_.of(object, *written);
}

void Supervisor::drain_gone(const ListenerPlan& plan, Duration time) {
  const std::string& name = plan.owner->name;
  keep_draining(
      name, std::make_unique<Drain>(wheel_, fmt::format("listener '{}', removed", name), time,
                                    Drain::Hooks{closing(crew_, sessions_of(name)),
                                                 [stats = plan.owner->stats] { return stats->active(); }}));
}

void Supervisor::keep_draining(const std::string& listener, std::unique_ptr<Drain> drain) {
  std::erase_if(drains_, [](const auto& gone) { return gone.drain->is_over(); });
  if (drain) drains_.push_back({listener, std::move(drain)});
}

void Supervisor::seal_drains(const std::string& listener) {
  for (const auto& gone : drains_) {
    if (gone.listener == listener) gone.drain->seal(now());
  }
}

}  // namespace tcpctl
