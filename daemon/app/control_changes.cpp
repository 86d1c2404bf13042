// SPDX-License-Identifier: Apache-2.0
// The part of Control that changes something.
#include <algorithm>
#include <limits>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "app/control.hpp"
#include "app/key_table.hpp"
#include "connections/connection.hpp"
#include "connections/listing.hpp"

namespace tcpctl {
namespace {

constexpr std::size_t kEndedAtOnce = 32;  // some 0.5 ms

}  // namespace

template <class Change>
Result<void> Control::change_listener(const std::string& name, Change change) {
  return flat(ask_.main([this, name, change]() -> Result<void> {
    ListenerEntry* const entry = supervisor_.listener(name);
    if (entry == nullptr) return fail(Errc::not_found, "no listener '" + name + "'");
    change(*entry);
    return {};
  }));
}

Result<void> Control::pause_listener(const std::string& name) {
  return change_listener(name, [](ListenerEntry& entry) { entry.pause(); });
}

Result<void> Control::resume_listener(const std::string& name) {
  return change_listener(name, [](ListenerEntry& entry) { entry.resume(); });
}

Result<void> Control::drain_listener(const std::string& name) {
  return change_listener(name, [this](ListenerEntry& entry) { entry.drain(supervisor_.drain_timeout()); });
}

Result<UpstreamRow> Control::change_upstream(const std::string& listener, const std::string& upstream,
                                             const UpstreamChange& change) {
  return ask_director(listener, [=](Director* director) -> Result<UpstreamRow> {
    if (director == nullptr)
      return fail(Errc::not_found, "listener '" + listener + "' does not forward; it has no upstreams");
    return director->change(upstream, change);
  });
}

Result<void> Control::change_client(const std::string& name, Result<void> (*change)(Client&)) {
  return ask_client(name, change);
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
  return flat(ask_.worker(worker_of(id), [id, how](Hub& hub) -> Result<void> {
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
  for (std::size_t worker = 0; worker < ids.size(); ++worker) {
    for (std::size_t at = 0; at < ids[worker].size(); at += kEndedAtOnce) {
      const auto slice = std::span{ids[worker]}.subspan(at, std::min(kEndedAtOnce, ids[worker].size() - at));
      const auto ended =
          ask_.worker(worker, [terms, how, some = std::vector(slice.begin(), slice.end())](Hub& hub) {
            hub.worker().tick();
            for (const ConnectionId id : some) {
              Connection* const connection = hub.worker().find(id);
              if (connection != nullptr && belongs(*connection, *terms))
                connection->end(Reason::admin_kill, how == Kill::graceful);
            }
            return true;
          });
      if (!ended) return tl::make_unexpected(ended.error());
    }
  }
  return found->total;
}

Result<ReloadRow> Control::reload() {
  return ask_.main([this] { return supervisor_.reload(); });
}

Result<std::vector<ControlPlane::Problem>> Control::check_config(const std::string& json) {
  StatsBook scratch{1};
  auto root = config::parse_json(json);
  const auto design =
      root ? design_of(std::move(*root), scratch) : tl::make_unexpected(std::move(root).error());
  std::vector<Problem> problems;
  if (design) return problems;
  for (const auto& mistake : design.error()) problems.push_back({mistake.place.pointer, mistake.what});
  return problems;
}

Result<void> Control::set_log_level(log::Level level) {
  log::set_level(level);
  return {};
}

}  // namespace tcpctl
