// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/log.hpp"
#include "base/sparse_text.hpp"
#include "base/units.hpp"
#include "config/node.hpp"
#include "config/options.hpp"
#include "config/written.hpp"

/// The configuration as one immutable value. Field by field it is contract section 3; a member is named as
/// its key.
namespace tcpctl::config {

enum class Source : std::uint8_t { file, runtime };
enum class ClientMode : std::uint8_t { keep, probe };
/// Of what is received and nobody took: the oldest gives way, or the peer waits.
enum class OnFull : std::uint8_t { overwrite, wait };

struct Keepalive {
  std::chrono::seconds idle;
  std::chrono::seconds interval;
  int probes;
  friend bool operator==(const Keepalive&, const Keepalive&) = default;
};

struct Daemon {
  std::uint32_t workers;          // 0 = one per CPU
  std::uint64_t max_connections;  // 0 = from RLIMIT_NOFILE
  double connect_rate;            // attempts of all clients together, a second
  Duration drain_timeout;
  Duration restart_drain;
  bool keep_connections_over_restart;
};

struct Dns {
  std::vector<std::string> servers;  // "127.0.0.1:53"; none = those of resolv.conf
  Duration timeout;
  int attempts;
};

struct Log {
  log::Level level;
  std::string target;
  log::Format format;
};

/// A line for the start and for the end of each connection.
struct AccessLog {
  bool at_start, at_end;
  std::string target;  // as that of `Log`
  log::Format format;
  [[nodiscard]] bool is_on() const { return at_start || at_end; }
  [[nodiscard]] bool same_target(const AccessLog& other) const {
    return target == other.target && format == other.format;
  }
};

struct ApiToken {
  std::string name;
  std::string role;
  std::string sha256;      // hex, lower case; or
  std::string file;        // a file whose first line is the token; or
  std::string credential;  // the name of a systemd credential
};

struct Api {
  std::string socket;
  std::string http;  // "" = off
  std::vector<std::string> allowed_hosts;
  std::string anonymous;                     // read | none
  std::map<std::string, std::string> roles;  // "user:NAME" | "group:NAME" -> role
  std::vector<ApiToken> tokens;
  std::string metrics_listen;  // "" = off
  std::vector<Network> metrics_allow;
  std::vector<Network> probe_targets;  // that /probe may be pointed at without the role operate
};

struct History {
  std::uint64_t connections;
  std::uint64_t events;  // 0 = off
};

/// From whom PROXY headers are taken, and required. Nobody where `from` is empty.
struct ProxyAccept {
  std::vector<Network> from;
  Duration timeout;
  Bytes max_header;
};

struct Listener {
  std::string name;
  Source source{Source::file};
  std::vector<ListenAddress> listen;
  std::string service;
  std::optional<std::uint64_t> max_connections;
  std::optional<std::uint64_t> max_connections_per_source;
  std::optional<double> accept_rate;     // a second
  std::optional<Bytes> bandwidth;        // a second and direction, of each connection
  std::optional<Bytes> bandwidth_total;  // of all of them together
  int backlog;
  std::vector<Network> allow;
  std::vector<Network> deny;
  std::optional<Duration> idle_timeout;
  std::optional<Duration> half_closed_timeout;
  std::optional<Duration> max_lifetime;
  std::optional<Keepalive> keepalive;
  std::optional<Duration> user_timeout;
  Duration close_timeout;
  Duration bind_retry;
  std::string congestion;  // "" = the host's
  std::string on_limit;    // close | wait
  std::string unix_mode;   // "" = by umask; octal text
  std::string unix_group;
  ProxyAccept proxy_protocol;
  Written written;  // `config` of the API, and what a reload compares
};

/// Off where nothing is sent.
struct Heartbeat {
  SparseText send;
  SparseText expect;  // RE2; "" = whatever comes is an answer
  Duration interval;
  Duration timeout;
  [[nodiscard]] bool is_on() const { return !send.empty(); }
};

struct Client {
  std::string name;
  Source source{Source::file};
  ConnectAddress connect;
  ClientMode mode;
  std::string family;  // any | prefer_ipv4 | prefer_ipv6 | ipv4 | ipv6
  Duration connect_timeout;
  SparseText source_address;  // a literal, without a port; "" = the kernel's choice
  SparseText interface;       // "" = any
  bool tcp_nodelay;
  std::optional<Keepalive> keepalive;
  std::optional<Duration> user_timeout;
  Duration close_timeout;
  // keep
  std::uint32_t connections;
  Duration backoff_initial;
  double backoff_factor;
  double backoff_jitter;
  Duration backoff_max;
  Duration stable_after;
  SparseText greeting;     // sent as it is, "" = nothing
  Duration login_timeout;  // of all steps of `login`
  Heartbeat heartbeat;
  Bytes receive_buffer;
  OnFull on_full;
  // probe
  Duration interval;
  double jitter;
  Duration timeout;
  std::uint32_t rise, fall;
  bool probe_module{false};  // whoever may read may have it send its steps to any of api.probe_targets
  Written written;
};

struct Config {
  Daemon daemon;
  Dns dns;
  Log log;
  AccessLog access_log;
  Api api;
  History history;
  std::map<std::string, std::shared_ptr<const Listener>> listeners;
  std::map<std::string, std::shared_ptr<const Client>> clients;
  std::shared_ptr<const Node> sections;  // the tree as written, merged from all files, without the objects
};

template <class T>
using Checked = tl::expected<T, Mistakes>;

/// The keys of everything but the services: [daemon] [dns] [log] [access_log] [api] [history]
/// [listeners.*] [clients.*].
[[nodiscard]] std::span<const Key> core_keys();

/// One TOML text; `file` is what its mistakes are reported under, `order` its place among several.
[[nodiscard]] Checked<Node> parse_toml(std::string_view text, const std::string& file,
                                       std::uint32_t order = 0);
/// One JSON text. The caller bounds its size; depth, keys and memory are bounded here, since a client of the
/// API may have written it. Duplicate keys are refused. `pointer` is where the value stands in the whole.
[[nodiscard]] Checked<Node> parse_json(std::string_view text, const std::string& pointer = {});

/// Checks `root` against `keys` and makes the value of it; all mistakes at once, in the order of the text.
[[nodiscard]] Checked<Config> build(const Node& root, const KeyTable& keys);
/// One object of it; `table` has passed `check`.
[[nodiscard]] Listener build_listener(const std::string& name, const Node& table, const KeyTable& keys);
[[nodiscard]] Client build_client(const std::string& name, const Node& table, const KeyTable& keys);
/// Only the check: what is wrong with `node`, were it at `path` ("listeners.*").
[[nodiscard]] Mistakes check(const Node& node, const KeyTable& keys, std::string_view path);

/// "idle_timeout" -> new_connections
using ChangedKeys = std::vector<std::pair<std::string, Applies>>;

/// What changed between two configurations, by name.
struct Difference {
  struct Change {
    std::string name;  // "listeners.web"
    ChangedKeys keys;
  };
  std::vector<std::string> added;  // "listeners.web", "clients.feed"
  std::vector<Change> changed;
  std::vector<std::string> removed;
  std::vector<std::string> kept;
};
[[nodiscard]] Difference difference(const Config& before, const Config& after, const KeyTable& keys);
/// The keys in which one object differs, however they are spelt. `path` as in `check`.
[[nodiscard]] ChangedKeys difference(const Written& before, const Written& after, const KeyTable& keys,
                                     std::string_view path);

/// What stands for the value of a `secret` key that is not shown. It is no value itself.
inline constexpr std::string_view kRedacted = "<redacted>";
/// `node` with the values of `secret` keys replaced by it. `path` as in `check`.
[[nodiscard]] Node redacted(const Node& node, const KeyTable& keys, std::string_view path);
/// The whole configuration as one tree again, as it was written.
[[nodiscard]] Node whole(const Config& config);
/// The tree as JSON text, with secrets redacted where asked.
[[nodiscard]] std::string to_json(const Node& node, const KeyTable& keys, std::string_view path, bool redact);
/// The whole configuration.
[[nodiscard]] std::string to_json(const Config& config, const KeyTable& keys, bool redact);
/// The same as TOML text, which, read again, is the same configuration; redacted, it is refused.
[[nodiscard]] std::string to_toml(const Config& config, const KeyTable& keys, bool redact);

/// Every key with type, unit, default, bounds and its line of help: `tcpctld --print-keys`.
[[nodiscard]] std::string print_keys(const KeyTable& keys);
/// The same as the part of tcpctld.toml(5) that is made from them, in mdoc(7). The rest is in
/// man/tcpctld.toml.5.in.
[[nodiscard]] std::string print_manual(const KeyTable& keys);

}  // namespace tcpctl::config
