// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "connections/facts.hpp"
#include "connections/proxy_header.hpp"
#include "services/service.hpp"
#include "steps/steps.hpp"
#include "tcp/socket.hpp"
#include "upstreams/dialer.hpp"
#include "upstreams/forward_plan.hpp"

namespace tcpctl {

/// Everything that a listener's connections need, made once from the configuration and shared by all workers.
/// Immutable; connections keep the plan that they began with.
struct ListenerPlan {
  /// The connections of `peer` begin with a PROXY header.
  [[nodiscard]] bool expects_header_of(const Address& peer) const;
  /// What `allow` and `deny` say of a source; a Unix socket's has no address that they could name.
  [[nodiscard]] bool allows(const Address& source) const;

  /// How many sockets a connection is going to have, its upstream's included.
  [[nodiscard]] std::uint64_t sockets() const { return forward ? 2 : 1; }

  std::shared_ptr<const config::Listener> config;
  OwnerPtr owner;
  ServiceFactory service;                      // null where `forward` is set
  std::shared_ptr<const ForwardPlan> forward;  // null for all other services
  std::vector<Network> proxies;                // whose connections begin with a PROXY header
  ProxyHeaderLimits proxy_header{};
};

/// The same of a client.
struct ClientPlan {
  std::shared_ptr<const config::Client> config;
  OwnerPtr owner;
  Steps steps;                                // of a probe
  std::size_t probes{1};                      // that were declared with it
  Steps login;                                // of one that is kept up
  std::optional<Pattern> heartbeat_answer{};  // none: whatever comes
};
static_assert(sizeof(ClientPlan) <= 96);  // there are thousands

/// What of a client's table only the steps can judge, with its place.
struct ClientSteps {
  Steps steps, login;
  std::optional<Pattern> heartbeat_answer;
};
[[nodiscard]] config::Checked<ClientSteps> client_steps(const config::OptionReader& client);

/// Gives the counters of an upstream by its name, the same over reloads.
using UpstreamStatsOf = std::function<std::shared_ptr<UpstreamStats>(const std::string& upstream)>;

/// `table` is what `listener` was built of. Errors: what only a service can judge of its options, with its
/// place.
[[nodiscard]] config::Checked<std::shared_ptr<const ListenerPlan>> make_plan(
    std::shared_ptr<const config::Listener> listener, const config::Node& table, const config::KeyTable& keys,
    std::shared_ptr<PartyStats> stats, const UpstreamStatsOf& upstream_stats);
/// `probes`: how many probes are declared with it.
[[nodiscard]] config::Checked<std::shared_ptr<const ClientPlan>> make_plan(
    std::shared_ptr<const config::Client> client, const config::Node& table, const config::KeyTable& keys,
    std::shared_ptr<PartyStats> stats, std::size_t probes = 1);

/// How a client connects. Made when it does, as thousands of plans are idle.
[[nodiscard]] DialOptions dial_options(const ClientPlan& plan);

/// The options of the listening socket, which its connections inherit.
[[nodiscard]] tcp::ListenOptions listen_options(const config::Listener& listener);

}  // namespace tcpctl
