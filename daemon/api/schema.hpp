// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

/// The API's routes and parameters: the one list from which dispatch, 405, roles, `Allow`, the OpenAPI
/// document and the CLI's completion are made. No other header of ours is needed to read it.
namespace tcpctl::api {

/// What a caller may do. Each role includes those below it.
enum class Role : std::uint8_t { none, read, operate, admin };
inline constexpr std::array<std::string_view, 4> kRoleTexts{"none", "read", "operate", "admin"};
[[nodiscard]] constexpr std::string_view text(Role role) {
  return kRoleTexts.at(static_cast<std::size_t>(role));
}
[[nodiscard]] constexpr std::optional<Role> parse_role(std::string_view text) {
  for (std::size_t i = 0; i < kRoleTexts.size(); ++i) {
    if (kRoleTexts.at(i) == text) return static_cast<Role>(i);
  }
  return std::nullopt;
}

/// One route. `query` names the parameters it takes, with blanks between; `body` and `answer` name a schema
/// of the OpenAPI document, or a media type ("text/plain"), or nothing; `answer` several, with blanks
/// between, where the caller chooses one by Accept.
struct Route {
  std::string_view name, method, path;
  Role role;
  std::string_view query, body, answer, summary;
};

/// A query parameter. `values` are the words it takes, with '|' between; "" = any of its `type`.
struct Parameter {
  std::string_view name, type, values, help;
};

#define TCPCTL_PAGE "limit cursor sort"
#define TCPCTL_FILTERS "listener client service state direction peer local older_than min_bytes where"

/// X(handler, method, path, role, query, body, answer, summary): a line here and a function of that name is a
/// route.
#define TCPCTL_ROUTES(X)                                                                                     \
  X(get_healthz, "GET", "/healthz", none, "", "", "Health", "Whether the daemon is alive")                   \
  X(get_readyz, "GET", "/readyz", none, "", "", "Ready", "Whether every listener is bound (503: which not)") \
  X(get_metrics, "GET", "/metrics", read, "", "", "text/plain", "Metrics for Prometheus")                    \
  X(get_probe, "GET", "/probe", read, "target module debug hostname", "", "text/plain",                      \
    "Run a probe against a target, as blackbox_exporter does")                                               \
  X(get_page, "GET", "/", read, "", "", "text/html", "The dashboard")                                        \
  X(get_openapi, "GET", "/v1/openapi.json", read, "", "", "application/json", "This document")               \
  X(get_status, "GET", "/v1/status", read, "", "", "Status", "The daemon: version, limits, totals")          \
  X(get_listeners, "GET", "/v1/listeners", read, TCPCTL_PAGE, "", "ListenerList", "All listeners")           \
  X(get_listener, "GET", "/v1/listeners/{name}", read, "", "", "Listener", "One listener")                   \
  X(put_listener, "PUT", "/v1/listeners/{name}", admin, "dry_run", "ListenerConfig", "ObjectChange",         \
    "Create a listener, or replace its configuration")                                                       \
  X(patch_listener, "PATCH", "/v1/listeners/{name}", admin, "dry_run", "ListenerPatch", "ObjectChange",      \
    "Change some keys of a listener (RFC 7396)")                                                             \
  X(remove_listener, "DELETE", "/v1/listeners/{name}", admin, "dry_run drain", "", "ObjectChange",           \
    "Remove a listener; its connections go on")                                                              \
  X(pause_listener, "POST", "/v1/listeners/{name}/pause", operate, "", "", "Listener", "Stop accepting")     \
  X(resume_listener, "POST", "/v1/listeners/{name}/resume", operate, "", "", "Listener", "Accept again")     \
  X(drain_listener, "POST", "/v1/listeners/{name}/drain", operate, "drain", "", "Listener",                  \
    "Stop accepting and end the connections without haste")                                                  \
  X(get_upstreams, "GET", "/v1/listeners/{name}/upstreams", read, "", "", "UpstreamList",                    \
    "The upstreams of a forwarding listener")                                                                \
  X(change_upstream, "PATCH", "/v1/listeners/{name}/upstreams/{upstream}", operate, "", "UpstreamChange",    \
    "Upstream", "Change the administrative state or the weight of an upstream (RFC 7396)")                   \
  X(get_clients, "GET", "/v1/clients", read, TCPCTL_PAGE, "", "ClientList", "All clients")                   \
  X(get_client, "GET", "/v1/clients/{name}", read, "", "", "Client", "One client")                           \
  X(put_client, "PUT", "/v1/clients/{name}", admin, "dry_run", "ClientConfig", "ObjectChange",               \
    "Create a client, or replace its configuration")                                                         \
  X(patch_client, "PATCH", "/v1/clients/{name}", admin, "dry_run", "ClientPatch", "ObjectChange",            \
    "Change some keys of a client (RFC 7396)")                                                               \
  X(remove_client, "DELETE", "/v1/clients/{name}", admin, "dry_run", "", "ObjectChange",                     \
    "Remove a client, with its connections")                                                                 \
  X(pause_client, "POST", "/v1/clients/{name}/pause", operate, "", "", "Client", "Stop connecting")          \
  X(resume_client, "POST", "/v1/clients/{name}/resume", operate, "", "", "Client", "Connect again")          \
  X(reconnect_client, "POST", "/v1/clients/{name}/reconnect", operate, "", "", "Client",                     \
    "End the connections and make them anew")                                                                \
  X(send_to_client, "POST", "/v1/clients/{name}/send", operate, "wait_ack", "Send", "Sent",                  \
    "Send bytes on the client's connections")                                                                \
  X(run_client, "POST", "/v1/clients/{name}/run", operate, "", "", "Probe", "Run the probe now")             \
  X(get_probes, "GET", "/v1/clients/{name}/probes", read, "", "", "ProbeList", "The last results")           \
  X(get_received, "GET", "/v1/clients/{name}/received", operate, "from", "", "Received", "Received bytes")   \
  X(take_received, "POST", "/v1/clients/{name}/received", operate, "", "Take", "Taken",                      \
    "Count received bytes as taken, which makes room for more with on_full = wait")                          \
  X(get_connections, "GET", "/v1/connections", read, TCPCTL_PAGE " " TCPCTL_FILTERS, "", "ConnectionList",   \
    "Live connections")                                                                                      \
  X(end_connections, "DELETE", "/v1/connections", operate, "how " TCPCTL_FILTERS, "", "Ended",               \
    "End all connections that match the filter")                                                             \
  X(get_connection, "GET", "/v1/connections/{id}", read, "", "", "Connection", "One connection")             \
  X(end_connection, "DELETE", "/v1/connections/{id}", operate, "how", "", "Ended", "End one connection")     \
  X(get_history, "GET", "/v1/history", read, TCPCTL_PAGE " " TCPCTL_FILTERS " reason first how since until", \
    "", "ConnectionList", "Closed connections, the last first")                                              \
  X(get_closed, "GET", "/v1/history/{id}", read, "", "", "Connection", "One closed connection")              \
  X(get_events, "GET", "/v1/events", read, "since limit type listener client direction peer", "",            \
    "EventList text/event-stream", "What happened; as it happens with Accept: text/event-stream")            \
  X(get_services, "GET", "/v1/services", read, "", "", "ServiceList", "The services and their options")      \
  X(get_config, "GET", "/v1/config", read, "secrets", "", "Config application/toml",                         \
    "The running configuration; as a file's text with Accept: application/toml")                             \
  X(diff_config, "GET", "/v1/config/diff", read, "", "", "ConfigDiff", "What runs against the files")        \
  X(check_config, "POST", "/v1/config/check", admin, "", "Config", "Checked", "Check a configuration")       \
  X(reload_config, "POST", "/v1/config/reload", admin, "force", "", "Reload", "Read the files anew")         \
  X(save_config, "POST", "/v1/config/save", admin, "dry_run", "", "Saved",                                   \
    "Write what was changed at run time into the state folder, for the next start")                          \
  X(get_log_level, "GET", "/v1/log/level", read, "", "", "LogLevel", "The level of the log")                 \
  X(put_log_level, "PUT", "/v1/log/level", admin, "", "LogLevel", "LogLevel", "Change the level of the log")

inline constexpr std::array kRoutes{
#define X(name, method, path, role, query, body, answer, summary) \
  Route{#name, method, path, Role::role, query, body, answer, summary},
    TCPCTL_ROUTES(X)
#undef X
};
#undef TCPCTL_PAGE
#undef TCPCTL_FILTERS

inline constexpr std::array kParameters{
    Parameter{"limit", "integer", "", "How many items a page has, 1 .. 1000; default 100"},
    Parameter{"cursor", "string", "", "`next` of the page before"},
    Parameter{
        "sort", "string", "",
        "name (listeners, clients); id, opened_at, age, idle, bytes_in, bytes_out, closed_at, state, rtt, "
        "retransmits (connections); '-' in front: descending"},
    Parameter{"listener", "string", "", "Only of this listener"},
    Parameter{"client", "string", "", "Only of this client"},
    Parameter{"service", "string", "", "Only of this service"},
    Parameter{"state", "string", "", "Only in this TCP state: ESTABLISHED, time-wait, estab, ..."},
    Parameter{"direction", "string", "inbound|outbound", "Only of this direction"},
    Parameter{"peer", "string", "", "Only with this address or network: 10.0.0.7, 10.0.0.0/8"},
    Parameter{"local", "string", "", "Only with this address or network on our side: 10.0.0.1, 10.0.0.0/8"},
    Parameter{
        "where", "string", "",
        "Only where all of these comparisons hold, with commas between, at most 8: rtt>50ms,bytes>=1MB; < "
        "<= = != >= >; of age, idle, bytes_in, bytes_out, bytes, local_port, peer_port, rtt, rtt_var, "
        "min_rtt, handshake_rtt, retransmits, lost, cwnd, mss, delivery_rate, unsent, segments_in, "
        "segments_out"},
    Parameter{"older_than", "string", "", "Only open for longer than this: 90s, 5m"},
    Parameter{"min_bytes", "string", "", "Only with at least so many bytes, both ways together: 64KiB"},
    Parameter{"reason", "string",
              "peer_fin|peer_rst|local_done|local_limit|idle_timeout|connect_refused|connect_timeout|"
              "connect_unreachable|queue_timeout|dead_peer|tls_error|proxy_header_error|script_mismatch|"
              "upstream_down|admin_kill|drain|fault_injected|resource|internal|unknown",
              "Only ended for this reason: peer_fin, idle_timeout, ..."},
    Parameter{"first", "string", "local|remote|unknown", "Only where this side's FIN or RST came first"},
    Parameter{"how", "string", "",
              "history: only ended so (fin, rst, timeout, abort); DELETE: graceful (default) or reset"},
    Parameter{"since", "string", "",
              "history: only ended at or after this RFC 3339 time; events: only those behind this number"},
    Parameter{"until", "string", "", "Only ended before this RFC 3339 time"},
    Parameter{"type", "string", "", "Only events of these types, with commas between: opened,closed"},
    Parameter{"target", "string", "",
              "HOST:PORT to probe, within api.probe_targets or with the role operate"},
    Parameter{"module", "string", "", "The client with mode probe whose steps are taken"},
    Parameter{"debug", "string", "", "true: the log of the probe, its metrics and the module, for people"},
    Parameter{"hostname", "string", "", "Without meaning here: there is no TLS"},
    Parameter{"dry_run", "boolean", "", "true: only answer what would be done"},
    Parameter{
        "drain", "string", "",
        "End its connections, gracefully, spread over the second half of this time: 30s. Default of POST: "
        "daemon.drain_timeout; of DELETE: they go on until they end by themselves"},
    Parameter{"force", "boolean", "",
              "true: the files win over what was changed at run time, and over what was saved of that, "
              "wherever they declare it"},
    Parameter{"secrets", "boolean", "",
              "Whether secrets are shown; true takes the role operate; by default they are to it"},
    Parameter{"from", "integer", "", "Offset of the first byte wanted; default 0"},
    Parameter{"wait_ack", "string", "",
              "Answer once the peer's TCP has acknowledged all of it, after this time at the latest: 5s, at "
              "most 1m"},
};

}  // namespace tcpctl::api
