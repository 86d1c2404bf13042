// SPDX-License-Identifier: Apache-2.0
#include "app/control.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "app/config_diff.hpp"
#include "app/key_table.hpp"
#include "app/turn.hpp"
#include "config/json_schema.hpp"
#include "config/value.hpp"
#include "connections/connection.hpp"
#include "connections/listing.hpp"
#include "services/service.hpp"
#include "tcp/netstat.hpp"

namespace tcpctl {
namespace {

tl::unexpected<Error> no_listener(const std::string& name) {
  return fail(Errc::not_found, "no listener '" + name + "'");
}

tl::unexpected<Error> no_client(const std::string& name) {
  return fail(Errc::not_found, "no client '" + name + "'");
}

std::string on_or_off(const std::string& refusal) { return refusal.empty() ? "on" : "off: " + refusal; }

template <class T>
std::string refusal_of(const Result<T>& result) {
  return result ? std::string{} : result.error().what;
}

}  // namespace

Control::WorkerPart Control::part_of(Hub& hub) {
  const History& history = hub.worker().history();
  const Orphans& orphans = hub.worker().orphans();
  WorkerPart part;
  part.shortages = hub.shortages();
  part.history_entries = history.entries().size();
  part.history_bytes = history.bytes();
  part.history_dropped = history.dropped();
  part.final_info_overruns = orphans.overruns().read();
  part.final_info_missed = orphans.missed().read();
  part.no_final_info = orphans.refusal();
  part.clients_up = hub.clients_up();
  return part;
}

StatusRow Control::status_of(const std::vector<WorkerPart>& parts) const {
  StatusRow row = supervisor_.status();
  std::string no_final_info;
  row.event_streams = event_streams_.read();
  row.event_streams_cut = event_streams_cut_.read();
  for (const WorkerPart& part : parts) {
    row.accept_pauses += part.shortages;
    row.history_entries += part.history_entries;
    row.history_bytes += part.history_bytes;
    row.history_dropped += part.history_dropped;
    row.final_info_overruns += part.final_info_overruns;
    row.final_info_missed += part.final_info_missed;
    if (!part.no_final_info.empty()) no_final_info = part.no_final_info;
    row.clients_up += part.clients_up;
  }
  auto& final_info = row.capabilities["final_tcp_info"] = on_or_off(no_final_info);
  if (no_final_info.empty() && row.final_info_overruns + row.final_info_missed > 0) {
    final_info = fmt::format("on; {} did not come, the kernel dropped events {} times", row.final_info_missed,
                             row.final_info_overruns);
  }
  return row;
}

void Control::add_host(StatusRow& row) {
  const auto losses = tcp::read_listen_losses();
  row.capabilities["host_counters"] = on_or_off(refusal_of(losses));
  if (losses) row.host = HostRow{losses->overflows, losses->drops};
}

void Control::add_kernel(StatusRow& row) {
  const auto cookies = refusal_of(cookies_);
  row.capabilities["socket_cookies"] = on_or_off(cookies);
  row.capabilities["sock_diag"] = on_or_off(closed_look_.look().refusal);
  row.capabilities["saved_syn"] = on_or_off(refusal_of(saved_syns_));
  // Without cookies there is nothing that events could be matched by.
  if (!cookies.empty()) row.capabilities["final_tcp_info"] = on_or_off(cookies);
  if (crew_.keeps_records()) return;
  constexpr const char* kNoRecords = "--no-records";
  for (const auto* const name : {"saved_syn", "final_tcp_info"})
    row.capabilities[name] = on_or_off(kNoRecords);
  if (row.capabilities["events"] == "on")
    row.capabilities["events"] = "on; none of connections: --no-records";
}

Result<StateTally> Control::count_states(Asker::Request& request, std::size_t worker) {
  StateTally tally;
  for (bool more = true; more;) {
    auto counted = request.worker(worker, [so_far = tally](Hub& hub) {
      StateTally counting = so_far;
      const bool is_more = counting.count(hub.worker());
      return std::pair{counting, is_more};
    });
    if (!counted) return tl::make_unexpected(std::move(counted).error());
    std::tie(tally, more) = *counted;
  }
  return tally;
}

std::vector<ClientRow> Control::clients_of(std::vector<WorkerPart> parts) const {
  std::map<std::string, ClientRow> all;
  for (auto& part : parts) all.merge(part.clients);
  std::vector<ClientRow> rows;
  for (auto& [name, row] : all) {
    if (!supervisor_.has_client(name)) continue;  // removed meanwhile
    supervisor_.complete(row, name, true);
    rows.push_back(std::move(row));
  }
  return rows;
}

Result<StatusRow> Control::status() {
  auto request = ask_.request();
  auto states = connections_by_state(request);
  if (!states) return tl::make_unexpected(std::move(states).error());
  auto parts = request.workers(&Control::part_of);
  if (!parts) return tl::make_unexpected(std::move(parts).error());
  auto row = request.main([this, parts = std::move(*parts)] {
    StatusRow told = status_of(parts);
    supervisor_.add_ends(told);
    return told;
  });
  if (!row) return row;
  row->connections_by_state = std::move(*states);
  add_host(*row);
  add_kernel(*row);
  return row;
}

Result<std::map<std::string, std::uint64_t, std::less<>>> Control::connections_by_state(
    Asker::Request& request) {
  std::map<std::string, std::uint64_t, std::less<>> states;
  for (std::size_t worker = 0; worker < crew_.size(); ++worker) {
    const auto tally = count_states(request, worker);
    if (!tally) return tl::make_unexpected(tally.error());
    for (const auto state : tcp::kStates) states[std::string{tcp::text(state)}] += tally->in(state);
  }
  return states;
}

Result<MetricsRow> Control::metrics() {
  auto request = ask_.request();
  auto states = connections_by_state(request);
  if (!states) return tl::make_unexpected(std::move(states).error());
  auto parts = request.workers([](Hub& hub) {
    WorkerPart part = part_of(hub);
    part.upstreams = hub.upstream_rows();
    part.clients = hub.client_rows();
    return part;
  });
  if (!parts) return tl::make_unexpected(std::move(parts).error());
  auto answer = request.main([this, states = std::move(*states), parts = std::move(*parts)]() mutable {
    MetricsRow row;
    row.status = status_of(parts);
    row.status.connections_by_state = std::move(states);
    row.listeners = supervisor_.listeners();
    for (auto& part : parts) row.upstreams.merge(part.upstreams);
    row.clients = clients_of(std::move(parts));
    return row;
  });
  if (answer) add_host(answer->status);
  return answer;
}

Result<std::vector<ListenerRow>> Control::listeners() {
  return ask_.main([this] { return supervisor_.listeners(); });
}

Result<ListenerRow> Control::listener(const std::string& name, bool redact) {
  return flat(ask_.main([this, name, redact]() -> Result<ListenerRow> {
    auto row = supervisor_.listener_row(name, redact);
    if (!row) return no_listener(name);
    return *std::move(row);
  }));
}

Result<std::vector<UpstreamRow>> Control::upstreams(const std::string& listener) {
  return ask_director(ask_.request(), listener, [](Director* director) -> Result<std::vector<UpstreamRow>> {
    return director != nullptr ? director->rows() : std::vector<UpstreamRow>{};
  });
}

Result<std::vector<ClientRow>> Control::clients() {
  auto request = ask_.request();
  auto parts = request.workers([](Hub& hub) {
    WorkerPart part;
    part.clients = hub.client_rows();
    return part;
  });
  if (!parts) return tl::make_unexpected(std::move(parts).error());
  return request.main([this, parts = std::move(*parts)] { return clients_of(parts); });
}

Result<ClientRow> Control::client(const std::string& name, bool redact) {
  auto request = ask_.request();
  auto row = ask_client(request, name, [](Client& client) -> Result<ClientRow> {
    ClientRow made = client.row();
    made.slots = client.slots();
    return made;
  });
  if (!row) return row;
  return flat(request.main([this, name, redact, row = std::move(*row)]() mutable -> Result<ClientRow> {
    if (!supervisor_.has_client(name)) return no_client(name);  // removed meanwhile
    supervisor_.complete(row, name, redact);
    row.tag = supervisor_.tag_of({ObjectKind::client, name});
    return std::move(row);
  }));
}

Result<std::vector<ProbeRow>> Control::probes(const std::string& client) {
  return ask_client(client, [](Client& it) -> Result<std::vector<ProbeRow>> { return it.probes(); });
}

Result<ReceivedRow> Control::received(const std::string& client, std::uint64_t from) {
  return ask_client(client, [from](Client& it) { return it.received(from); });
}

Result<TakenRow> Control::take_received(const std::string& client, std::uint64_t upto) {
  auto request = ask_.change();
  return ask_client(request, client, [upto](Client& it) { return it.take(upto); });
}

Result<ConnectionPage> Control::list(const ListTermsPtr& terms) {
  return list_page(terms, crew_.size(), asking(ask_.request()));
}

Result<ConnectionPage> Control::connections(const ConnectionQuery& query) {
  return list(std::make_shared<const ListTerms>(ListTerms{query, ListTerms::Of::open}));
}

Result<ConnectionPage> Control::history(const ConnectionQuery& query) {
  return list(std::make_shared<const ListTerms>(
      ListTerms{query, ListTerms::Of::history, closed_look_.look().sockets}));
}

Result<ConnectionRow> Control::connection(ConnectionId id) {
  if (worker_of(id) >= crew_.size()) return fail(Errc::not_found, "no connection '" + id_text(id) + "'");
  auto request = ask_.request();
  const auto ask = [&](const std::shared_ptr<const tcp::ClosingSockets>& held) {
    return flat(request.worker(worker_of(id), [id, held](Hub& hub) -> Result<ConnectionRow> {
      if (const Connection* const connection = hub.worker().find(id)) return connection->row();
      if (const auto* const entry = hub.worker().history().find(id)) return to_row(*entry, now(), *held);
      return fail(Errc::not_found, "no connection '" + id_text(id) + "', neither open nor in the history");
    }));
  };
  auto row = ask(std::make_shared<const tcp::ClosingSockets>());
  if (!row || !row->close) return row;
  auto looked = ask(closed_look_.look().sockets);  // only for one that is closed: that costs a dump
  return looked ? looked : row;                    // the history may have let it go meanwhile
}

Result<EventSpan> Control::events(std::uint64_t since) {
  return flat(ask_.main([this, since]() -> Result<EventSpan> {
    const EventBook& book = supervisor_.events().book();
    if (!book.is_on()) return fail(Errc::conflict, "events are off; set history.events to keep some");
    return book.after(since);
  }));
}

void Control::watch_events(EventWatcher watcher) {
  main_.post([this, watcher = std::move(watcher)] { supervisor_.events().watch(watcher); });
}

void Control::note_event_streams(std::uint64_t open, std::uint64_t cut) {
  event_streams_.set(open);
  event_streams_cut_.set(cut);
}

void Control::note_change(Change change) {
  main_.post(
      [this, change = std::move(change)]() mutable { supervisor_.events().tell_change(std::move(change)); });
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

Result<std::string> Control::config(bool redact, TextForm form) {
  const auto config = ask_.main([this] { return supervisor_.shared_config(); });
  if (!config) return tl::make_unexpected(config.error());
  return form == TextForm::toml ? config::to_toml(**config, key_table(), redact)
                                : config::to_json(**config, key_table(), redact);
}

// Whoever may read may ask for it, and it costs as much as the files are large: one at a time.
Result<ConfigDiffRow> Control::config_diff(bool redact) {
  const Turn turn{comparing_};
  if (!turn) return fail(Errc::unavailable, "the files are just being compared for another; try again");
  const auto config = ask_.main([this] { return supervisor_.shared_config(); });
  if (!config) return tl::make_unexpected(config.error());
  return tcpctl::config_diff(**config, supervisor_.sources(), redact);
}

std::string Control::config_schemas() const { return config::json_schemas(key_table()); }

}  // namespace tcpctl
