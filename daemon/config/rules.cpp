// SPDX-License-Identifier: Apache-2.0
#include "config/rules.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <sys/un.h>

#include "base/text.hpp"
#include "config/value.hpp"

namespace tcpctl::config {
namespace {

constexpr std::size_t kLongestAccount = 128;  // with "user:" in front; the kernel's own bound is 32

constexpr std::size_t kMostNameServers = 8;

/// What a rule sees: one table, and where it says what is wrong.
struct Scope {
  const Node& table;
  const KeyTable& keys;
  std::string_view path;
  Mistakes& mistakes;

  [[nodiscard]] const std::string* text(std::string_view key) const {
    const auto* node = table.find(key);
    return node == nullptr ? nullptr : node->as<std::string>();
  }
  void refuse(std::string_view key, std::string_view why) const {
    const auto* node = table.find(key);
    refuse_at(node == nullptr ? table.place() : node->place(), why);
  }
  /// The key itself is the mistake, not its value.
  void refuse_key(const Node& node, std::string_view why) const { refuse_at(node.key_place(), why); }

 private:
  void refuse_at(const Place& place, std::string_view why) const {
    const auto label = place.label();
    mistakes.push_back({place, label.empty() ? std::string{why} : fmt::format("{}: {}", label, why)});
  }
};

void absolute_path(const Scope& scope, std::string_view key) {
  const auto* text = scope.text(key);
  if (text != nullptr && !text->empty() && !text->starts_with('/')) {
    scope.refuse(key, "write an absolute path, one that begins with '/'");
  }
}

void api_http(const Scope& scope) {
  const auto* text = scope.text("http");
  if (text == nullptr || text->empty()) return;
  const auto address = parse_ip_port(*text);
  if (!address) {
    scope.refuse("http", address.error().what);
  } else if (!address->is_loopback()) {
    scope.refuse("http",
                 fmt::format("only loopback is served, like \"127.0.0.1:{}\"; for Prometheus elsewhere "
                             "set api.metrics, for people use ssh -L",
                             address->port()));
  }
}

void api(const Scope& scope) {
  absolute_path(scope, "socket");
  constexpr auto longest = sizeof(sockaddr_un::sun_path) - 1;
  if (const auto* socket = scope.text("socket"); socket != nullptr && socket->size() > longest) {
    scope.refuse("socket", fmt::format("the path has {} bytes, a Unix socket's has at most {}",
                                       socket->size(), longest));
  }
  api_http(scope);
}

/// An empty list could be read as everybody or as nobody.
void not_empty(const Scope& scope, std::string_view key, std::string_view instead) {
  const auto* node = scope.table.find(key);
  const auto* list = node == nullptr ? nullptr : node->as<Node::List>();
  if (list != nullptr && list->empty()) scope.refuse(key, instead);
}

void api_metrics(const Scope& scope) {
  not_empty(scope, "allow", "nobody could read the metrics; name a network, or leave out api.metrics");
  const auto* listen = scope.text("listen");
  if (listen == nullptr) return;
  const auto address = parse_listen_address(*listen);
  using Kind = ListenAddress::Kind;
  if (address && address->kind != Kind::literal && address->kind != Kind::any) {
    scope.refuse("listen", "metrics are served over IP, write an address like \"0.0.0.0:9811\"");
  }
}

void api_roles(const Scope& scope) {
  const auto* table = scope.table.as<Node::Table>();
  if (table == nullptr) return;
  for (const auto& [name, node] : *table) {
    const auto colon = name.find(':');
    const auto kind = std::string_view{name}.substr(0, colon);
    const bool named =
        colon != std::string::npos && colon + 1 < name.size() && name.size() <= kLongestAccount;
    if (!named || (kind != "user" && kind != "group"))
      scope.refuse_key(node, "write \"user:NAME\" or \"group:NAME\"");
  }
}

void api_token(const Scope& scope) {
  constexpr std::array<std::string_view, 3> sources{"sha256", "file", "credential"};
  const auto given = std::count_if(sources.begin(), sources.end(),
                                   [&](std::string_view key) { return scope.table.find(key) != nullptr; });
  if (given != 1) {
    scope.refuse("", "give the token by exactly one of sha256, file and credential");
  }
  absolute_path(scope, "file");
  const auto* hash = scope.text("sha256");
  if (hash != nullptr && (hash->size() != 64 || hash->find(' ') != std::string::npos || !from_hex(*hash))) {
    scope.refuse("sha256", "write the 64 hex digits that `sha256sum` prints");
  }
}

void daemon(const Scope& scope) { absolute_path(scope, "state"); }

void dns(const Scope& scope) {
  const auto* node = scope.table.find("servers");
  const auto* list = node == nullptr ? nullptr : node->as<Node::List>();
  if (list == nullptr) return;
  if (list->size() > kMostNameServers)
    scope.refuse("servers", fmt::format("at most {} name servers are asked", kMostNameServers));
  for (const auto& element : *list) {
    const auto* text = element.as<std::string>();
    if (text == nullptr) continue;
    const auto address = parse_ip_port(*text);
    if (!address) {
      scope.refuse("servers", address.error().what);
    } else if (address->port() == 0) {
      scope.refuse("servers",
                   fmt::format("'{}': nobody can be reached on port 0", escaped(as_bytes(*text), 64)));
    }
  }
}

void log(const Scope& scope) {
  const auto* target = scope.text("target");
  if (target == nullptr) return;
  const std::vector<std::string> fixed{"auto", "stderr", "journal"};
  if (std::find(fixed.begin(), fixed.end(), *target) != fixed.end()) return;
  constexpr std::string_view kFile = "file:";
  if (target->starts_with(std::string{kFile} + "/")) return;
  scope.refuse("target", fmt::format("expected \"auto\", \"stderr\", \"journal\" or \"file:/PATH\"{}",
                                     suggestion(*target, fixed)));
}

void unix_mode(const Scope& scope) {
  const auto* mode = scope.text("unix_mode");
  if (mode == nullptr) return;
  const bool octal = std::all_of(mode->begin(), mode->end(), [](char c) { return c >= '0' && c <= '7'; });
  if (!octal || (mode->size() == 4 && mode->front() != '0')) {
    scope.refuse("unix_mode", "write the mode in octal, like \"0660\"");
  }
}

/// A table of options that no one would read.
void foreign_service_tables(const Scope& scope, const std::string& service) {
  for (const auto& name : service_names(scope.keys)) {
    const auto* node = scope.table.find(name);
    if (node == nullptr || name == service) continue;
    scope.refuse_key(*node, fmt::format("options of the service '{}', but service is \"{}\"", name,
                                        escaped(as_bytes(service), 64)));
  }
}

const Node* below(const Node* table, std::string_view key) {
  return table == nullptr ? nullptr : table->find(key);
}

/// A forward may say it in its own table, too, but it is one list; and without one the rest says nothing.
void proxy_protocol(const Scope& scope) {
  const auto* accept = below(scope.table.find("proxy_protocol"), "accept_from");
  const auto* forward = below(below(scope.table.find("forward"), "proxy_protocol"), "accept_from");
  if (accept != nullptr && forward != nullptr) {
    scope.refuse_key(*forward, "said twice: it stands in proxy_protocol of the listener already");
  }
  if (accept != nullptr || forward != nullptr) return;
  for (const std::string_view key : {"timeout", "max_header"}) {
    const auto* node = below(scope.table.find("proxy_protocol"), key);
    if (node != nullptr) scope.refuse_key(*node, "says nothing without accept_from");
  }
}

void proxy_networks(const Scope& scope) {
  not_empty(scope, "accept_from", "nobody would send a header; name a network, or leave it out");
}

void listener(const Scope& scope) {
  proxy_protocol(scope);
  not_empty(scope, "allow", "nobody could connect; name a network, or leave it out to allow all");
  unix_mode(scope);
  const auto* service = scope.text("service");
  if (service == nullptr) return;
  foreign_service_tables(scope, *service);
  const auto names = service_names(scope.keys);
  const bool known = std::find(names.begin(), names.end(), *service) != names.end();
  if (!known || scope.table.find(*service) != nullptr) return;
  // Without its table a service lacks the keys that it must have, too.
  require_keys(scope.table, *service, scope.keys, fmt::format("{}.{}", scope.path, *service), scope.mistakes);
}

void whole_seconds(const Scope& scope, std::string_view key) {
  const auto* text = scope.text(key);
  const auto parsed = text == nullptr ? Result<Duration>{} : parse_duration(*text);
  if (parsed && *parsed % std::chrono::seconds{1} != Duration::zero()) {
    scope.refuse(key, fmt::format("the kernel counts whole seconds, got {}", *text));
  }
}

void keepalive(const Scope& scope) {
  whole_seconds(scope, "idle");
  whole_seconds(scope, "interval");
}

void source_address(const Scope& scope) {
  const auto* text = scope.text("source_address");
  if (text == nullptr) return;
  const bool is_ipv6 = text->find(':') != std::string::npos;
  if (!parse_ip_port(is_ipv6 ? fmt::format("[{}]:0", *text) : fmt::format("{}:0", *text))) {
    scope.refuse("source_address",
                 "write an address of this host without a port, like \"10.0.0.5\" or \"fd00::5\"");
  }
}

void heartbeat(const Scope& scope) {
  if (scope.table.find("send") != nullptr) return;
  scope.refuse("", "says nothing without `send`; write what is to be sent, or leave the table out");
}

/// The keys of one mode say nothing in the other.
void client(const Scope& scope) {
  source_address(scope);
  constexpr std::array<std::string_view, 9> keep_only{"connections", "backoff",        "stable_after",
                                                      "greeting",    "login",          "login_timeout",
                                                      "heartbeat",   "receive_buffer", "on_full"};
  constexpr std::array<std::string_view, 7> probe_only{"interval", "jitter", "timeout",     "steps",
                                                       "rise",     "fall",   "probe_module"};
  const auto* mode = scope.text("mode");
  if (mode == nullptr) return;
  const auto refuse_all = [&](auto& keys, std::string_view other) {
    for (const auto key : keys) {
      const auto* node = scope.table.find(key);
      if (node != nullptr) scope.refuse_key(*node, fmt::format("only for mode = \"{}\"", other));
    }
  };
  if (*mode == "keep") refuse_all(probe_only, "probe");
  if (*mode == "probe") refuse_all(keep_only, "keep");
}

void backoff(const Scope& scope) {
  const OptionReader reader{scope.table, scope.keys, std::string{scope.path}};
  const auto initial = reader.maybe_duration("initial");
  const auto longest = reader.maybe_duration("max");
  if (!initial || !longest || *initial <= *longest) return;
  const auto* blamed = reader.has("max") ? "max" : "initial";
  scope.refuse(blamed, fmt::format("initial ({}) must not be above max ({})", duration_text(*initial),
                                   duration_text(*longest)));
}

struct Rule {
  std::string_view path;
  void (*apply)(const Scope&);
};
constexpr std::array kRules{
    Rule{"daemon", daemon},
    Rule{"dns", dns},
    Rule{"log", log},
    Rule{"access_log", log},
    Rule{"api", api},
    Rule{"api.metrics", api_metrics},
    Rule{"api.roles", api_roles},
    Rule{"api.tokens.*", api_token},
    Rule{"listeners.*", listener},
    Rule{"listeners.*.keepalive", keepalive},
    Rule{"listeners.*.proxy_protocol", proxy_networks},
    Rule{"listeners.*.forward.proxy_protocol", proxy_networks},
    Rule{"clients.*", client},
    Rule{"clients.*.keepalive", keepalive},
    Rule{"clients.*.backoff", backoff},
    Rule{"clients.*.heartbeat", heartbeat},
};

/// How `key` would be written, for one who left it out.
std::string example(const Key& key) {
  switch (key.type) {
    case KeyType::listen_address:
      return R"("127.0.0.1:7000")";
    case KeyType::connect_address:
      return R"("host.example:7000")";
    case KeyType::choice:
      return choices_of(key).empty() ? "" : fmt::format("\"{}\"", choices_of(key).front());
    default:
      return "";
  }
}

}  // namespace

std::vector<std::string> service_names(const KeyTable& keys) {
  const auto* service = keys.find("listeners.*.service");
  return service == nullptr ? std::vector<std::string>{} : choices_of(*service);
}

void require_keys(const Node& node, std::string_view below, const KeyTable& keys, std::string_view path,
                  Mistakes& mistakes) {
  const auto prefix = join_path(path, "");
  for (const auto& [entry, key] : keys.entries()) {
    if (!key.required || !entry.starts_with(prefix)) continue;
    auto name = std::string_view{entry}.substr(prefix.size());
    if (!prefix.empty()) {
      if (!name.starts_with('.')) continue;
      name.remove_prefix(1);
    }
    if (name.ends_with("[]")) name.remove_suffix(2);
    if (name.empty() || name.find_first_of(".[*") != std::string_view::npos) continue;
    if (below.empty() && node.find(name) != nullptr) continue;
    const auto label = join_path(node.place().label(), join_path(below, name));
    auto what = fmt::format("{} is missing, expected {}", label, wanted(key));
    if (const auto shown = example(key); !shown.empty())
      what = fmt::format("{} is missing; write {} = {}", label, name, shown);
    mistakes.push_back({node.place(), std::move(what)});
  }
}

void apply_rules(const Node& node, const KeyTable& keys, std::string_view path, Mistakes& mistakes) {
  for (const auto& rule : kRules) {
    if (rule.path == path) rule.apply({node, keys, path, mistakes});
  }
}

}  // namespace tcpctl::config
