// SPDX-License-Identifier: Apache-2.0
#include "endpoints/plan.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "services/forward.hpp"
#include "tcp/info.hpp"

namespace tcpctl {
namespace {

std::optional<tcp::Options::Keepalive> keepalive_of(const std::optional<config::Keepalive>& keepalive) {
  if (!keepalive) return std::nullopt;
  return tcp::Options::Keepalive{keepalive->idle, keepalive->interval, keepalive->probes};
}

// Keepalive and user timeout speak of silences; where they are long, a connection that is over within a
// second spares five system calls.
void split_options(RelayOptions& relay) {
  constexpr Duration kLong = std::chrono::seconds{5};
  auto& keepalive = relay.outbound.keepalive;
  auto& user_timeout = relay.outbound.user_timeout;
  if (keepalive && keepalive->idle >= kLong) relay.outbound_settled.keepalive = std::exchange(keepalive, {});
  if (user_timeout && *user_timeout >= kLong)
    relay.outbound_settled.user_timeout = std::exchange(user_timeout, {});
}

bool covers(const std::vector<Network>& networks, const Address& address) {
  return std::ranges::any_of(networks, [&](const Network& network) { return network.contains(address); });
}

SendProxy sent(ProxyVersion version) {
  switch (version) {
    case ProxyVersion::none:
      return SendProxy::off;
    case ProxyVersion::v1:
      return SendProxy::v1;
    case ProxyVersion::v2:
      return SendProxy::v2;
  }
  return SendProxy::off;
}

std::shared_ptr<const HealthPlan> health_plan(const ForwardOptions& options, const Steps& steps,
                                              const config::Listener& listener, const Owner& owner,
                                              const RelayOptions& relay) {
  auto plan = std::make_shared<HealthPlan>();
  plan->rules.fail_after = options.fail_after;
  plan->rules.fail_for = options.fail_for;
  plan->closes_sessions = options.on_down == "close";
  if (!options.health) return plan;
  plan->rules.is_checked = true;
  plan->rules.rise = options.health->rise;
  plan->rules.fall = options.health->fall;
  plan->interval = options.health->interval;
  // Many and short as they are, checks are no sessions, and would drive the sessions out of the history.
  auto checks = std::make_shared<Owner>(owner);
  checks->service = "health";
  checks->in_history = false;
  checks->idle_timeout.reset();
  checks->close_timeout = std::min(listener.close_timeout, options.health->timeout);
  plan->probe =
      std::make_shared<const ProbePlan>(ProbePlan{.dial = {.owner = std::move(checks),
                                                           .socket = relay.outbound,
                                                           .connect_timeout = options.health->timeout},
                                                  .steps = steps,
                                                  .timeout = options.health->timeout,
                                                  .send_proxy = relay.send_proxy});
  return plan;
}

std::string identity_of(const ForwardOptions::Upstream& upstream,
                        const std::vector<ForwardPlan::Declared>& before) {
  if (upstream.is_named) return upstream.name;
  const auto same =
      std::ranges::count(before, upstream.address, [](const auto& other) { return other.address; });
  // No name begins with a slash.
  return fmt::format("/{}/{}", upstream.address.text(), same);
}

std::shared_ptr<const ForwardPlan> forward_plan(const ForwardOptions& options, const Steps& steps,
                                                const config::Listener& listener, const Owner& owner,
                                                const UpstreamStatsOf& upstream_stats) {
  auto relay = std::make_shared<RelayOptions>();
  relay->connect_timeout = options.connect_timeout;
  relay->attempts = static_cast<std::uint16_t>(1 + options.retries);
  relay->half_close = options.half_close;
  relay->zero_copy = options.zero_copy;
  relay->send_proxy = sent(options.send_proxy);
  relay->outbound = listen_options(listener).inherited;
  split_options(*relay);
  auto plan = std::make_shared<ForwardPlan>();
  plan->relay = std::move(relay);
  plan->health = health_plan(options, steps, listener, owner, *plan->relay);
  plan->pool.reports_failures = options.fail_after > 0;
  plan->pool.balance = balance_of(options.balance);
  plan->pool.queue_timeout = options.queue_timeout;
  for (const auto& upstream : options.upstreams) {
    plan->upstreams.push_back({.identity = identity_of(upstream, plan->upstreams),
                               .name = std::make_shared<const std::string>(upstream.name),
                               .address = upstream.address,
                               .stats = upstream_stats(upstream.name),
                               .weight = upstream.weight,
                               .backup = upstream.backup,
                               .max_connections = upstream.max_connections.value_or(Upstream::kNoLimit),
                               .state = parse_admin_state(upstream.state).value_or(AdminState::ready)});
  }
  return plan;
}

/// The rules of the configuration have seen that it is one.
std::optional<Address> source_of(const config::Client& client) {
  const std::string_view address = client.source_address.get();
  if (address.empty()) return std::nullopt;
  const bool is_ipv6 = address.find(':') != std::string_view::npos;
  const auto parsed = parse_ip_port(fmt::format(fmt::runtime(is_ipv6 ? "[{}]:0" : "{}:0"), address));
  return parsed ? std::optional{*parsed} : std::nullopt;
}

}  // namespace

bool ListenerPlan::expects_header_of(const Address& peer) const {
  return !proxies.empty() && covers(proxies, peer);
}

bool ListenerPlan::allows(const Address& source) const {
  if (source.is_unix()) return true;
  return !covers(config->deny, source) && (config->allow.empty() || covers(config->allow, source));
}

config::Checked<ClientSteps> client_steps(const config::OptionReader& client) {
  ClientSteps made;
  config::Mistakes mistakes;
  const auto take = [&mistakes](auto parsed, Steps& into) {
    if (parsed) {
      into = *std::move(parsed);
    } else {
      mistakes.insert(mistakes.end(), parsed.error().begin(), parsed.error().end());
    }
  };
  take(parse_steps(client), made.steps);
  take(parse_steps(client, StepsFor::login), made.login);
  const auto heartbeat = client.table("heartbeat");
  if (const auto expected = heartbeat.text("expect"); !expected.empty()) {
    auto pattern = Pattern::compile(expected);
    if (pattern) {
      made.heartbeat_answer = *std::move(pattern);
    } else {
      mistakes.push_back(heartbeat.mistake("expect", pattern.error().what));
    }
  }
  if (!mistakes.empty()) return tl::make_unexpected(std::move(mistakes));
  return made;
}

DialOptions dial_options(const ClientPlan& plan) {
  const config::Client& client = *plan.config;
  return {.owner = plan.owner,
          .socket = {.keepalive = keepalive_of(client.keepalive),
                     .user_timeout = client.user_timeout,
                     .congestion = {},
                     .source = source_of(client),
                     .interface = std::string{client.interface.get()},
                     .nodelay = client.tcp_nodelay},
          .connect_timeout = client.connect_timeout,
          .family = family_choice(client.family)};
}

tcp::ListenOptions listen_options(const config::Listener& listener) {
  tcp::ListenOptions options;
  options.inherited.keepalive = keepalive_of(listener.keepalive);
  options.inherited.user_timeout = listener.user_timeout;
  options.inherited.congestion = listener.congestion;
  options.backlog = listener.backlog;
  options.unix_mode = listener.unix_mode;
  options.unix_group = listener.unix_group;
  return options;
}

config::Checked<std::shared_ptr<const ListenerPlan>> make_plan(
    std::shared_ptr<const config::Listener> listener, const config::Node& table, const config::KeyTable& keys,
    std::shared_ptr<PartyStats> stats, const UpstreamStatsOf& upstream_stats) {
  auto owner = std::make_shared<Owner>();
  owner->kind = Owner::Kind::listener;
  owner->name = listener->name;
  owner->service = listener->service;
  owner->idle_timeout = listener->idle_timeout;
  owner->half_closed_timeout = listener->half_closed_timeout;
  owner->max_lifetime = listener->max_lifetime;
  owner->close_timeout = listener->close_timeout;
  owner->congestion = listener->congestion.empty() ? tcp::default_congestion() : listener->congestion;
  owner->stats = std::move(stats);

  auto plan = std::make_shared<ListenerPlan>();
  plan->owner = std::move(owner);
  plan->proxies = listener->proxy_protocol.from;
  plan->proxy_header = {listener->proxy_protocol.timeout,
                        static_cast<std::size_t>(listener->proxy_protocol.max_header.count())};
  const config::OptionReader options =
      config::OptionReader{table, keys, "listeners.*"}.table(listener->service);
  if (const ServiceKind* const kind = find_service(listener->service);
      kind != nullptr && kind->make != nullptr) {
    auto factory = kind->make(options);
    if (!factory) return tl::make_unexpected(std::move(factory).error());
    plan->service = std::move(*factory);
  } else {
    const auto forward = forward_options(options);
    if (!forward) return tl::make_unexpected(config::Mistakes{forward.error()});
    const auto steps = parse_steps(options.table("health"));
    if (!steps) return tl::make_unexpected(steps.error());
    plan->proxies.insert(plan->proxies.end(), forward->accept_from.begin(), forward->accept_from.end());
    plan->forward = forward_plan(*forward, *steps, *listener, *plan->owner, upstream_stats);
  }
  plan->config = std::move(listener);
  return plan;
}

config::Checked<std::shared_ptr<const ClientPlan>> make_plan(std::shared_ptr<const config::Client> client,
                                                             const config::Node& table,
                                                             const config::KeyTable& keys,
                                                             std::shared_ptr<PartyStats> stats,
                                                             std::size_t probes) {
  auto owner = std::make_shared<Owner>();
  owner->kind = Owner::Kind::client;
  owner->name = client->name;
  owner->service = client->mode == config::ClientMode::probe ? "probe" : "keep";
  owner->close_timeout = client->close_timeout;
  owner->congestion = tcp::default_congestion();
  owner->stats = std::move(stats);

  auto plan = std::make_shared<ClientPlan>();
  plan->owner = std::move(owner);
  auto steps = client_steps(config::OptionReader{table, keys, "clients.*"});
  if (!steps) return tl::make_unexpected(std::move(steps).error());
  plan->steps = std::move(steps->steps);
  plan->login = std::move(steps->login);
  plan->heartbeat_answer = std::move(steps->heartbeat_answer);
  plan->probes = probes;
  plan->config = std::move(client);
  return plan;
}

}  // namespace tcpctl
