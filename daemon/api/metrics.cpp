// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <utility>

#include <prometheus/text_serializer.h>

#include "api/client_metrics.hpp"
#include "api/handlers.hpp"
#include "api/metric_families.hpp"

namespace tcpctl::api {
namespace {

void add_events(const StatusRow& status, Families& families) {
  auto events = Family::counter("tcpctl_events_total", "Events that were given a number.");
  events.add({}, status.events);
  put(families, std::move(events));
  auto dropped =
      Family::counter("tcpctl_events_dropped_total",
                      "Of these, those that nobody could read: they came faster than they were taken.");
  dropped.add({}, status.events_dropped);
  put(families, std::move(dropped));
  auto streams = Family::gauge("tcpctl_event_streams", "Streams of events that are open now.");
  streams.add({}, status.event_streams);
  put(families, std::move(streams));
  auto cut =
      Family::counter("tcpctl_event_streams_cut_total", "Streams cut since their readers did not read.");
  cut.add({}, status.event_streams_cut);
  put(families, std::move(cut));
}

void add_access_log(const StatusRow& status, Families& families) {
  auto dropped = Family::counter("tcpctl_access_log_dropped_total",
                                 "Lines of the access log that found no room on their way to its target.");
  dropped.add({}, status.access_log_dropped);
  put(families, std::move(dropped));
  auto errors = Family::counter("tcpctl_access_log_errors_total",
                                "Lines of the access log that its target refused, as a full disk does.");
  errors.add({}, status.access_log_errors);
  put(families, std::move(errors));
}

void add_daemon(const StatusRow& status, Families& families) {
  auto build = Family::gauge("tcpctl_build_info", "The running version; always 1.");
  build.add({{"version", status.version}}, true);
  put(families, std::move(build));
  auto uptime = Family::gauge("tcpctl_uptime_seconds", "Seconds since the daemon started.");
  uptime.add({}, std::chrono::duration<double>(status.uptime).count());
  put(families, std::move(uptime));
  auto pauses =
      Family::counter("tcpctl_accept_pauses_total", "Times that accepting paused for want of files.");
  pauses.add({}, status.accept_pauses);
  put(families, std::move(pauses));
  auto reload =
      Family::gauge("tcpctl_config_reload_success", "Whether the last reload was taken (1 before any).");
  reload.add({}, !status.last_reload || status.last_reload->ok);
  put(families, std::move(reload));
  auto dropped =
      Family::counter("tcpctl_log_dropped_total", "Log lines given up because the queue was full.");
  dropped.add({}, status.log_dropped);
  put(families, std::move(dropped));
  add_access_log(status, families);
  auto overruns = Family::counter("tcpctl_final_info_overruns_total",
                                  "Times that the kernel dropped events of sockets closed before their end.");
  overruns.add({}, status.final_info_overruns);
  put(families, std::move(overruns));
  auto missed = Family::counter("tcpctl_final_info_missed_total",
                                "Sockets closed before their end whose final TCP_INFO did not come.");
  missed.add({}, status.final_info_missed);
  put(families, std::move(missed));
  add_events(status, families);
}

/// What is not known has no sample.
void add_host(const std::optional<HostRow>& host, Families& families) {
  if (!host) return;
  auto overflows = Family::counter("tcpctl_host_listen_overflows_total",
                                   "Times that an accept queue was full, of the whole host (network "
                                   "namespace), not only of tcpctld.");
  overflows.add({}, host->listen_overflows);
  put(families, std::move(overflows));
  auto drops =
      Family::counter("tcpctl_host_listen_drops_total",
                      "Connections that a listening socket did not take, for this or another reason, "
                      "of the whole host (network namespace), not only of tcpctld.");
  drops.add({}, host->listen_drops);
  put(families, std::move(drops));
}

void add_history(const StatusRow& status, Families& families) {
  auto entries = Family::gauge("tcpctl_history_entries", "Closed connections that the history has.");
  entries.add({}, status.history_entries);
  put(families, std::move(entries));
  auto bytes = Family::gauge("tcpctl_history_bytes", "Memory that the history takes.");
  bytes.add({}, status.history_bytes);
  put(families, std::move(bytes));
  auto dropped =
      Family::counter("tcpctl_history_dropped_total", "Closed connections that gave way to later ones.");
  dropped.add({}, status.history_dropped);
  put(families, std::move(dropped));
}

/// Of all addresses of `row` together; nothing where the kernel tells it of none.
std::optional<std::uint64_t> sum_of(const ListenerRow& row, std::optional<std::uint64_t> BoundRow::* member) {
  std::optional<std::uint64_t> sum;
  for (const auto& bound : row.addresses) {
    if (bound.*member) sum = sum.value_or(0) + *(bound.*member);
  }
  return sum;
}

void add_listener_gauges(const std::vector<ListenerRow>& listeners, Families& families) {
  auto up = Family::gauge("tcpctl_listener_up", "Whether every address of the listener is bound.");
  auto active = Family::gauge("tcpctl_listener_connections", "Connections that are open now.");
  auto queue = Family::gauge("tcpctl_listener_accept_queue", "Completed connections that wait for accept.");
  auto room = Family::gauge("tcpctl_listener_accept_queue_limit",
                            "How many may wait, at all its addresses; the kernel takes no more beyond.");
  auto queued =
      Family::gauge("tcpctl_listener_queued", "Sessions that wait for an upstream with a free place.");
  for (const auto& row : listeners) {
    up.add({{"listener", row.name}},
           std::ranges::none_of(row.addresses, [](const auto& bound) { return bound.state == "failed"; }));
    active.add({{"listener", row.name}}, row.active);
    if (row.service == "forward") queued.add({{"listener", row.name}}, row.queued);
    if (const auto waiting = sum_of(row, &BoundRow::queue)) queue.add({{"listener", row.name}}, *waiting);
    if (const auto most = sum_of(row, &BoundRow::queue_max)) room.add({{"listener", row.name}}, *most);
  }
  put(families, std::move(up));
  put(families, std::move(active));
  put(families, std::move(queue));
  put(families, std::move(room));
  put(families, std::move(queued));
}

void add_listener_counters(const std::vector<ListenerRow>& listeners, Families& families) {
  auto accepted = Family::counter("tcpctl_listener_connections_total", "Connections accepted.");
  auto refused = Family::counter("tcpctl_listener_refused_total", "Connections turned away, by reason.");
  auto bytes = Family::counter("tcpctl_listener_bytes_total", "Bytes received (in) and sent (out).");
  for (const auto& row : listeners) {
    accepted.add({{"listener", row.name}}, row.accepted);
    for (std::size_t i = 0; i < kRefusals; ++i) {
      const auto reason = text(static_cast<Refusal>(i));
      refused.add({{"listener", row.name}, {"reason", std::string{reason}}}, row.refused.at(i));
    }
    bytes.add({{"listener", row.name}, {"direction", "in"}}, row.bytes_in);
    bytes.add({{"listener", row.name}, {"direction", "out"}}, row.bytes_out);
  }
  put(families, std::move(accepted));
  put(families, std::move(refused));
  put(families, std::move(bytes));
}

template <class Row>
void add_ends(const std::vector<Row>& rows, const char* party, Family& closed, Family& duration,
              Family& rtt) {
  for (const auto& row : rows) {
    for (const auto& end : row.ends.closes) {
      closed.add({{party, row.name},
                  {"first", std::string{text(end.first)}},
                  {"how", std::string{text(end.how)}},
                  {"reason", std::string{text(end.reason)}}},
                 end.count);
    }
    duration.add({{party, row.name}}, row.ends.duration);
    rtt.add({{party, row.name}}, row.ends.rtt);
  }
}

void add_connections(const MetricsRow& row, Families& families) {
  auto states = Family::gauge("tcpctl_connections", "Connections of the daemon by TCP state.");
  for (const auto& [state, count] : row.status.connections_by_state) states.add({{"state", state}}, count);
  put(families, std::move(states));

  auto closed =
      Family::counter("tcpctl_connections_closed_total", "Connections ended: by whom, how and why.");
  auto duration =
      Family::histogram("tcpctl_connection_duration_seconds", "How long ended connections were open.");
  auto rtt = Family::histogram("tcpctl_connection_rtt_seconds", "Smoothed round trip times at the end.");
  add_ends(row.listeners, "listener", closed, duration, rtt);
  add_ends(row.clients, "client", closed, duration, rtt);
  put(families, std::move(closed));
  put(families, std::move(duration));
  put(families, std::move(rtt));
}

/// One series for each of the three states that an upstream has; the label `state` is a closed vocabulary.
void add_states(const std::string& listener, const UpstreamRow& row, Family& states) {
  for (const auto& [kind, state] : {std::pair{"config", &row.config_state},
                                    {"admin", &row.admin_state},
                                    {"operational", &row.operational_state}}) {
    states.add({{"listener", listener}, {"upstream", row.name}, {"kind", kind}, {"state", *state}}, true);
  }
}

void add_upstream_gauges(const MetricsRow& row, Families& families) {
  auto up =
      Family::gauge("tcpctl_upstream_up", "Whether it is not known to be down, and its name is resolved.");
  auto states =
      Family::gauge("tcpctl_upstream_state",
                    "The state it is in: as configured, as an operator set it, as checks found it; 1.");
  auto weight = Family::gauge("tcpctl_upstream_weight", "Its share of connections, beside the others'.");
  auto active = Family::gauge("tcpctl_upstream_connections", "Connections to it that are open now.");
  for (const auto& [listener, upstreams] : row.upstreams) {
    for (const auto& upstream : upstreams) {
      const auto& name = upstream.name;
      const bool is_up = upstream.operational_state == "up" || upstream.operational_state == "unknown";
      up.add({{"listener", listener}, {"upstream", name}}, is_up);
      add_states(listener, upstream, states);
      weight.add({{"listener", listener}, {"upstream", name}}, upstream.weight);
      active.add({{"listener", listener}, {"upstream", name}}, upstream.active);
    }
  }
  put(families, std::move(up));
  put(families, std::move(states));
  put(families, std::move(weight));
  put(families, std::move(active));
}

void add_upstream_counters(const MetricsRow& row, Families& families) {
  auto connections = Family::counter("tcpctl_upstream_connections_total", "Connections made to it.");
  auto bytes =
      Family::counter("tcpctl_upstream_bytes_total", "Bytes received from it (in) and sent to it (out).");
  auto failures = Family::counter("tcpctl_upstream_failures_total",
                                  "Attempts to connect to it that failed, and connections that it reset "
                                  "before its first byte, by reason.");
  auto closed = Family::counter("tcpctl_upstream_connections_closed_total",
                                "Connections to it that ended: by whom, how and why.");
  auto connect = Family::histogram("tcpctl_upstream_connect_seconds", "How long connecting to it took.");
  for (const auto& [listener, upstreams] : row.upstreams) {
    for (const auto& upstream : upstreams) {
      const auto& name = upstream.name;
      connections.add({{"listener", listener}, {"upstream", name}}, upstream.connections);
      bytes.add({{"listener", listener}, {"upstream", name}, {"direction", "in"}}, upstream.bytes_in);
      bytes.add({{"listener", listener}, {"upstream", name}, {"direction", "out"}}, upstream.bytes_out);
      for (const auto& [reason, count] : upstream.failures)
        failures.add({{"listener", listener}, {"upstream", name}, {"reason", reason}}, count);
      for (const auto& end : upstream.closes) {
        closed.add({{"listener", listener},
                    {"upstream", name},
                    {"first", std::string{text(end.first)}},
                    {"how", std::string{text(end.how)}},
                    {"reason", std::string{text(end.reason)}}},
                   end.count);
      }
      connect.add({{"listener", listener}, {"upstream", name}}, upstream.connect_time);
    }
  }
  put(families, std::move(connections));
  put(families, std::move(bytes));
  put(families, std::move(failures));
  put(families, std::move(closed));
  put(families, std::move(connect));
}

}  // namespace

Reply handlers::get_metrics(const Call& call) {
  const auto row = call.control.metrics();
  if (!row) return problem_reply(row.error());
  Families families;
  add_daemon(row->status, families);
  add_history(row->status, families);
  add_host(row->status.host, families);
  add_listener_gauges(row->listeners, families);
  add_listener_counters(row->listeners, families);
  add_connections(*row, families);
  add_upstream_gauges(*row, families);
  add_upstream_counters(*row, families);
  add_clients(row->clients, families);
  // A family without samples would be a HELP and a TYPE line of nothing.
  std::erase_if(families, [](const auto& family) { return family.metric.empty(); });
  return {
      200, "text/plain; version=0.0.4; charset=utf-8", prometheus::TextSerializer{}.Serialize(families), {}};
}

}  // namespace tcpctl::api
