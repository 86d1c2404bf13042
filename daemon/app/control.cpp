// SPDX-License-Identifier: Apache-2.0
#include "app/control.hpp"

#include <tuple>
#include <utility>

#include "app/key_table.hpp"
#include "config/value.hpp"
#include "connections/connection.hpp"
#include "connections/listing.hpp"
#include "services/service.hpp"

namespace tcpctl {
namespace {

tl::unexpected<Error> no_listener(const std::string& name) {
  return fail(Errc::not_found, "no listener '" + name + "'");
}

}  // namespace

Result<StatusRow> Control::status() {
  struct Part {
    std::uint64_t shortages, entries, dropped;
  };
  const auto parts = ask_.workers([](Hub& hub) {
    const History& history = hub.worker().history();
    return Part{hub.shortages(), history.entries().size(), history.dropped()};
  });
  if (!parts) return tl::make_unexpected(parts.error());
  auto row = ask_.main([this] { return supervisor_.status(); });
  const auto rows = clients();
  if (!row) return row;
  if (!rows) return tl::make_unexpected(rows.error());
  for (const Part& part : *parts) {
    row->accept_pauses += part.shortages;
    row->history_entries += part.entries;
    row->history_dropped += part.dropped;
  }
  for (const ClientRow& client : *rows) row->clients_up += client.state == "up" ? 1 : 0;
  return row;
}

Result<StateTally> Control::count_states(std::size_t worker) {
  StateTally tally;
  for (bool more = true; more;) {
    auto counted = ask_.worker(worker, [so_far = tally](Hub& hub) {
      StateTally counting = so_far;
      const bool is_more = counting.count(hub.worker());
      return std::pair{counting, is_more};
    });
    if (!counted) return tl::make_unexpected(std::move(counted).error());
    std::tie(tally, more) = *counted;
  }
  return tally;
}

Result<MetricsRow> Control::metrics() {
  MetricsRow row;
  for (std::size_t worker = 0; worker < crew_.size(); ++worker) {
    const auto tally = count_states(worker);
    if (!tally) return tl::make_unexpected(tally.error());
    for (const auto state : tcp::kStates)
      row.connections_by_state[std::string{tcp::text(state)}] += tally->in(state);
  }
  auto all_status = status();
  auto all_clients = clients();
  auto all_upstreams = ask_.main([this] { return supervisor_.upstreams(); });
  auto all_listeners = listeners();
  if (!all_status) return tl::make_unexpected(std::move(all_status).error());
  if (!all_clients) return tl::make_unexpected(std::move(all_clients).error());
  if (!all_upstreams) return tl::make_unexpected(std::move(all_upstreams).error());
  if (!all_listeners) return tl::make_unexpected(std::move(all_listeners).error());
  row.status = std::move(*all_status);
  row.clients = std::move(*all_clients);
  row.upstreams = std::move(*all_upstreams);
  row.listeners = std::move(*all_listeners);
  return row;
}

Result<std::vector<ListenerRow>> Control::listeners() {
  return ask_.main([this] { return supervisor_.listeners(); });
}

Result<ListenerRow> Control::listener(const std::string& name) {
  return flat(ask_.main([this, name]() -> Result<ListenerRow> {
    const ListenerEntry* const entry = supervisor_.listener(name);
    if (entry == nullptr) return no_listener(name);
    return entry->row();
  }));
}

Result<std::vector<UpstreamRow>> Control::upstreams(const std::string& listener) {
  return flat(ask_.main([this, listener]() -> Result<std::vector<UpstreamRow>> {
    const ListenerEntry* const entry = supervisor_.listener(listener);
    if (entry == nullptr) return no_listener(listener);
    return entry->upstreams();
  }));
}

Result<std::vector<ClientRow>> Control::clients() {
  const auto names = ask_.main([this] { return supervisor_.client_names(); });
  if (!names) return tl::make_unexpected(names.error());
  auto parts = ask_.workers([names = *names](Hub& hub) {
    std::map<std::string, ClientRow> rows;
    for (const auto& name : names) {
      if (const Client* const client = hub.client(name)) rows.emplace(name, client->row());
    }
    return rows;
  });
  if (!parts) return tl::make_unexpected(std::move(parts).error());
  return ask_.main([this, parts = std::move(*parts)] {
    std::map<std::string, ClientRow> all;
    for (const auto& part : parts) all.insert(part.begin(), part.end());
    std::vector<ClientRow> rows;
    for (auto& [name, row] : all) {
      supervisor_.complete(row, name);
      rows.push_back(std::move(row));
    }
    return rows;
  });
}

Result<ClientRow> Control::client(const std::string& name) {
  auto row = ask_client(name, [](Client& client) -> Result<ClientRow> { return client.row(); });
  if (!row) return row;
  return ask_.main([this, name, row = std::move(*row)]() mutable {
    supervisor_.complete(row, name);
    return std::move(row);
  });
}

Result<std::vector<ProbeRow>> Control::probes(const std::string& client) {
  return ask_client(client, [](Client& it) -> Result<std::vector<ProbeRow>> { return it.probes(); });
}

Result<ReceivedRow> Control::received(const std::string& client, std::uint64_t from) {
  return ask_client(client, [from](Client& it) { return it.received(from); });
}

Result<ConnectionPage> Control::page(const ConnectionQuery& query,
                                     Result<ConnectionPage> (*part)(const Worker&, const ConnectionQuery&)) {
  auto parts = ask_.workers([query, part](Hub& hub) { return part(hub.worker(), query); });
  if (!parts) return tl::make_unexpected(std::move(parts).error());
  std::vector<ConnectionPage> pages;
  for (auto& page : *parts) {
    if (!page) return page;
    pages.push_back(std::move(*page));
  }
  return merge(std::move(pages), query);
}

Result<ConnectionPage> Control::connections(const ConnectionQuery& query) { return page(query, &open_page); }
Result<ConnectionPage> Control::history(const ConnectionQuery& query) { return page(query, &history_page); }

Result<ConnectionRow> Control::connection(ConnectionId id) {
  if (worker_of(id) >= crew_.size()) return fail(Errc::not_found, "no connection '" + id_text(id) + "'");
  return flat(ask_.worker(worker_of(id), [id](Hub& hub) -> Result<ConnectionRow> {
    if (const Connection* const connection = hub.worker().find(id)) return connection->row();
    if (const auto* const entry = hub.worker().history().find(id)) return to_row(*entry, now());
    return fail(Errc::not_found, "no connection '" + id_text(id) + "', neither open nor in the history");
  }));
}

Result<std::vector<ServiceRow>> Control::services() {
  std::vector<ServiceRow> rows;
  for (const auto& kind : tcpctl::services()) {
    ServiceRow row{std::string{kind.name}, std::string{kind.help}, {}};
    for (const auto& key : kind.keys) {
      row.options.push_back({std::string{key.path}, std::string{config::type_text(key.type)},
                             std::string{key.fallback}, std::string{key.help}});
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

Result<std::string> Control::config(bool redact) {
  return ask_.main(
      [this, redact] { return config::to_json(supervisor_.config().root, key_table(), "", redact); });
}

}  // namespace tcpctl
