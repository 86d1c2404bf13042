// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "endpoints/plan.hpp"
#include "support/connection_fixture.hpp"
#include "support/options.hpp"

namespace tcpctl::test {

/// The configuration of a client with the contract's defaults, but for times that suit a test.
inline config::Client client_config(const std::string& mode, const ConnectAddress& connect) {
  config::Client client{};
  client.name = "mine";
  client.mode = mode;
  client.connect = connect;
  client.connect_timeout = std::chrono::minutes{1};
  client.close_timeout = std::chrono::minutes{10};
  client.connections = 1;
  client.backoff_initial = std::chrono::milliseconds{10};
  client.backoff_factor = 2;
  client.backoff_jitter = 0;
  client.backoff_max = std::chrono::milliseconds{80};
  client.interval = std::chrono::minutes{10};
  client.timeout = std::chrono::minutes{5};
  return client;
}

/// `steps` is a list in TOML: `[{ expect = "^220 " }]`.
inline std::shared_ptr<const ClientPlan> client_plan(const config::Client& client,
                                                     std::shared_ptr<const Owner> owner,
                                                     const std::string& steps = "[]") {
  auto plan = std::make_shared<ClientPlan>();
  plan->config = std::make_shared<const config::Client>(client);
  plan->owner = std::move(owner);
  const Options options{"steps = " + steps, step_keys()};
  plan->steps = parse_steps(options.reader()).value();
  return plan;
}

inline ConnectAddress to(const Address& address) { return parse_connect_address(address.text()).value(); }

}  // namespace tcpctl::test
