// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "config/config.hpp"

namespace tcpctl::config {
namespace {

/// "0s" is how users write that a timeout is off.
std::optional<Duration> timeout(const OptionReader& options, std::string_view key) {
  const auto value = options.maybe_duration(key);
  return value == Duration::zero() ? std::nullopt : value;
}

template <class Address, class Parse>
std::vector<Address> addresses(const OptionReader& options, std::string_view key, Parse parse) {
  std::vector<Address> parsed;
  for (const auto& text : options.texts(key)) {
    if (auto address = parse(text)) parsed.push_back(*std::move(address));
  }
  return parsed;
}

std::vector<Network> networks(const OptionReader& options, std::string_view key) {
  return addresses<Network>(options, key, parse_network);
}

std::optional<Keepalive> keepalive(const OptionReader& options) {
  const auto seconds = [&options](std::string_view key) {
    return std::chrono::floor<std::chrono::seconds>(options.duration(key));
  };
  const Keepalive keepalive{.idle = seconds("keepalive.idle"),
                            .interval = seconds("keepalive.interval"),
                            .probes = static_cast<int>(options.integer("keepalive.probes"))};
  return keepalive.idle.count() == 0 ? std::nullopt : std::optional{keepalive};
}

Daemon daemon(const OptionReader& options) {
  return {.workers = static_cast<std::uint32_t>(options.integer("workers")),
          .max_connections = static_cast<std::uint64_t>(options.integer("max_connections")),
          .connect_rate = options.rate("connect_rate"),
          .drain_timeout = options.duration("drain_timeout"),
          .restart_drain = options.duration("restart_drain"),
          .keep_connections_over_restart = options.boolean("keep_connections_over_restart")};
}

Dns dns(const OptionReader& options) {
  return {.servers = options.texts("servers"),
          .timeout = options.duration("timeout"),
          .attempts = static_cast<int>(options.integer("attempts"))};
}

log::Format format(const OptionReader& options) {
  return options.text("format") == "json" ? log::Format::json : log::Format::text;
}

Log log(const OptionReader& options) {
  const auto level = log::parse_level(options.text("level"));
  return {
      .level = level.value_or(log::Level::info), .target = options.text("target"), .format = format(options)};
}

AccessLog access_log(const OptionReader& options) {
  const auto at = options.text("at");
  return {.at_start = at == "start" || at == "both",
          .at_end = at == "end" || at == "both",
          .target = options.text("target"),
          .format = format(options)};
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

Api api(const OptionReader& options) {
  Api api{.socket = options.text("socket"),
          .http = options.text("http"),
          .allowed_hosts = options.texts("allowed_hosts"),
          .anonymous = options.text("anonymous"),
          .roles = {},
          .tokens = {},
          .metrics_listen = options.text("metrics.listen"),
          .metrics_allow = networks(options, "metrics.allow"),
          .probe_targets = networks(options, "probe_targets")};
  const auto roles = options.table("roles");
  for (const auto& name : roles.names()) api.roles[name] = *roles.node().find(name)->as<std::string>();
  const auto tokens = options.table("tokens");
  for (const auto& name : tokens.names()) {
    const auto token = tokens.table(name);
    api.tokens.push_back({name, token.text("role"), lower(token.text("sha256")), token.text("file"),
                          token.text("credential")});
  }
  return api;
}

std::optional<std::uint64_t> maybe_count(const OptionReader& options, std::string_view key) {
  const auto value = options.maybe_integer(key);
  return value ? std::optional{static_cast<std::uint64_t>(*value)} : std::nullopt;
}

std::optional<Bytes> byte_rate(const OptionReader& options, std::string_view key) {
  const auto value = options.maybe_rate(key);
  return value ? std::optional{Bytes{static_cast<std::uint64_t>(*value)}} : std::nullopt;
}

/// A table of a file has its name; one that came by the API has none.
Source source_of(const Node& table) { return table.place().file ? Source::file : Source::runtime; }

/// `root` without what declares objects.
std::shared_ptr<const Node> sections_of(const Node& root) {
  auto sections = std::make_shared<Node>(root);
  auto& table = std::get<Node::Table>(sections->value());
  table.erase("listeners");
  table.erase("clients");
  return sections;
}

/// Calls `each(name, table)` for the objects below the table `kind`.
template <class Each>
void for_each_object(const Node& root, std::string_view kind, Each each) {
  const auto* objects = root.find(kind);
  if (objects == nullptr) return;
  for (const auto& [name, table] : *objects->as<Node::Table>()) each(name, table);
}

}  // namespace

Listener build_listener(const std::string& name, const Node& table, const KeyTable& keys) {
  const OptionReader options{table, keys, "listeners.*"};
  return {.name = name,
          .source = source_of(table),
          .listen = addresses<ListenAddress>(options, "listen", parse_listen_address),
          .service = options.text("service"),
          .max_connections = maybe_count(options, "max_connections"),
          .max_connections_per_source = maybe_count(options, "max_connections_per_source"),
          .accept_rate = options.maybe_rate("accept_rate"),
          .bandwidth = byte_rate(options, "bandwidth"),
          .bandwidth_total = byte_rate(options, "bandwidth_total"),
          .backlog = static_cast<int>(options.integer("backlog")),
          .allow = networks(options, "allow"),
          .deny = networks(options, "deny"),
          .idle_timeout = timeout(options, "idle_timeout"),
          .half_closed_timeout = timeout(options, "half_closed_timeout"),
          .max_lifetime = timeout(options, "max_lifetime"),
          .keepalive = keepalive(options),
          .user_timeout = timeout(options, "user_timeout"),
          .close_timeout = options.duration("close_timeout"),
          .bind_retry = options.duration("bind_retry"),
          .congestion = options.text("congestion"),
          .on_limit = options.text("on_limit"),
          .unix_mode = options.text("unix_mode"),
          .unix_group = options.text("unix_group"),
          .proxy_protocol = {.from = networks(options, "proxy_protocol.accept_from"),
                             .timeout = options.duration("proxy_protocol.timeout"),
                             .max_header = options.size("proxy_protocol.max_header")},
          .written = Written{table}};
}

Client build_client(const std::string& name, const Node& table, const KeyTable& keys) {
  const OptionReader options{table, keys, "clients.*"};
  return {.name = name,
          .source = source_of(table),
          .connect = parse_connect_address(options.text("connect")).value_or(ConnectAddress{}),
          .mode = options.text("mode") == "probe" ? ClientMode::probe : ClientMode::keep,
          .family = options.text("family"),
          .connect_timeout = options.duration("connect_timeout"),
          .source_address = options.text("source_address"),
          .interface = options.text("interface"),
          .tcp_nodelay = options.boolean("tcp_nodelay"),
          .keepalive = keepalive(options),
          .user_timeout = timeout(options, "user_timeout"),
          .close_timeout = options.duration("close_timeout"),
          .connections = static_cast<std::uint32_t>(options.integer("connections")),
          .backoff_initial = options.duration("backoff.initial"),
          .backoff_factor = options.number("backoff.factor"),
          .backoff_jitter = options.number("backoff.jitter"),
          .backoff_max = options.duration("backoff.max"),
          .stable_after = options.duration("stable_after"),
          .greeting = options.text("greeting"),
          .login_timeout = options.duration("login_timeout"),
          .heartbeat = {.send = options.text("heartbeat.send"),
                        .expect = options.text("heartbeat.expect"),
                        .interval = options.duration("heartbeat.interval"),
                        .timeout = options.duration("heartbeat.timeout")},
          .receive_buffer = options.size("receive_buffer"),
          .on_full = options.text("on_full") == "wait" ? OnFull::wait : OnFull::overwrite,
          .interval = options.duration("interval"),
          .jitter = options.number("jitter"),
          .timeout = options.duration("timeout"),
          .rise = static_cast<std::uint32_t>(options.integer("rise")),
          .fall = static_cast<std::uint32_t>(options.integer("fall")),
          .probe_module = options.boolean("probe_module"),
          .written = Written{table}};
}

Checked<Config> build(const Node& root, const KeyTable& keys) {
  if (auto mistakes = check(root, keys, ""); !mistakes.empty()) {
    return tl::make_unexpected(std::move(mistakes));
  }
  const OptionReader options{root, keys, ""};
  Config config{.daemon = daemon(options.table("daemon")),
                .dns = dns(options.table("dns")),
                .log = log(options.table("log")),
                .access_log = access_log(options.table("access_log")),
                .api = api(options.table("api")),
                .history = {static_cast<std::uint64_t>(options.integer("history.connections")),
                            static_cast<std::uint64_t>(options.integer("history.events"))},
                .listeners = {},
                .clients = {},
                .sections = sections_of(root)};
  for_each_object(root, "listeners", [&](const std::string& name, const Node& table) {
    config.listeners[name] = std::make_shared<const Listener>(build_listener(name, table, keys));
  });
  for_each_object(root, "clients", [&](const std::string& name, const Node& table) {
    config.clients[name] = std::make_shared<const Client>(build_client(name, table, keys));
  });
  return config;
}

}  // namespace tcpctl::config
