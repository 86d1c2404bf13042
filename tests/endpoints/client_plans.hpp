// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "endpoints/plan.hpp"
#include "support/connection_fixture.hpp"
#include "support/options.hpp"

namespace tcpctl::test {

/// The configuration of a client with the contract's defaults, but for times that suit a test.
inline config::Client client_config(config::ClientMode mode, const ConnectAddress& connect) {
  config::Client client{};
  client.name = "mine";
  client.mode = mode;
  client.connect = connect;
  client.connect_timeout = std::chrono::minutes{1};
  client.close_timeout = std::chrono::minutes{10};
  client.tcp_nodelay = true;
  client.connections = 1;
  client.backoff_initial = std::chrono::milliseconds{10};
  client.backoff_factor = 2;
  client.backoff_jitter = 0;
  client.backoff_max = std::chrono::milliseconds{80};
  client.stable_after = std::chrono::seconds{10};
  client.login_timeout = std::chrono::minutes{5};
  client.receive_buffer = Bytes{64UL * 1024};
  client.on_full = config::OnFull::overwrite;
  client.rise = client.fall = 1;
  client.interval = std::chrono::minutes{10};
  client.timeout = std::chrono::minutes{5};
  client.rise = client.fall = 1;
  return client;
}

/// `steps` and `login` are lists in TOML: `[{ expect = "^220 " }]`.
inline std::shared_ptr<const ClientPlan> client_plan(const config::Client& client,
                                                     std::shared_ptr<const Owner> owner,
                                                     const std::string& steps = "[]",
                                                     const std::string& login = "[]") {
  auto plan = std::make_shared<ClientPlan>();
  plan->config = std::make_shared<const config::Client>(client);
  plan->owner = std::move(owner);
  const Options options{"steps = " + steps, step_keys()};
  plan->steps = parse_steps(options.reader()).value();
  const Options login_options{"login = " + login, login_keys()};
  plan->login = parse_steps(login_options.reader(), StepsFor::login).value();
  if (!client.heartbeat.expect.empty())
    plan->heartbeat_answer = Pattern::compile(client.heartbeat.expect.get()).value();
  return plan;
}

inline ConnectAddress to(const Address& address) { return parse_connect_address(address.text()).value(); }

}  // namespace tcpctl::test
