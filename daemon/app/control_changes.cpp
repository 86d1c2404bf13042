// SPDX-License-Identifier: Apache-2.0
// The part of Control that changes something.
#include <atomic>
#include <chrono>
#include <utility>

#include "app/control.hpp"
#include "app/key_table.hpp"
#include "connections/connection.hpp"
#include "connections/listing.hpp"

namespace tcpctl {
namespace {

constexpr std::chrono::seconds kLongestRun{65};
constexpr unsigned kMostRuns = 2;  // at once, of the API's threads

/// A place among those who wait, for as long as it lives.
class Wait {
 public:
  explicit Wait(std::atomic<unsigned>& count) : count_{count}, place_{++count} {}
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;
  ~Wait() { --count_; }
  [[nodiscard]] unsigned place() const { return place_; }

 private:
  std::atomic<unsigned>& count_;
  const unsigned place_;
};

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

Result<std::uint64_t> Control::send(const std::string& client, std::string data) {
  return ask_client(client, [data = std::move(data)](Client& it) { return it.send(data); });
}

Result<ProbeRow> Control::run(const std::string& client) {
  const Wait wait{waiting_for_probes_};
  if (wait.place() > kMostRuns) {
    return fail(Errc::limit_reached, "two probes are being waited for already; try again when they are done");
  }
  auto promise = std::make_shared<std::promise<Result<ProbeRow>>>();
  auto answer = promise->get_future();
  const auto started = ask_client(client, [promise](Client& it) -> Result<void> {
    it.run([promise](Result<ProbeRow> row) { promise->set_value(std::move(row)); });
    return {};
  });
  if (!started) return tl::make_unexpected(started.error());
  auto row = ask_.wait(std::move(answer), "the probe of client '" + client + "'", kLongestRun);
  if (!row) return tl::make_unexpected(std::move(row).error());
  return std::move(*row);
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

Result<std::uint64_t> Control::kill_matching(const ConnectionQuery& query, Kill how) {
  const auto counts = ask_.workers([query, how](Hub& hub) {
    const auto match = [&, time = now()](const Connection& connection) {
      return matches(connection.facts(), query, time) &&
             (!query.state || tcp::text(connection.state()) == *query.state);
    };
    return hub.end_connections(match, Reason::admin_kill, how == Kill::graceful);
  });
  if (!counts) return tl::make_unexpected(counts.error());
  std::uint64_t sum = 0;
  for (const std::uint64_t count : *counts) sum += count;
  return sum;
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
