// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "endpoints/hub.hpp"
#include "support/connection_fixture.hpp"

namespace tcpctl::test {

/// A hub on the test's own loop, and plans made by hand.
class HubFixture : public testing::Test {
 protected:
  HubFixture() {
    crew.members.push_back({&runner.loop, &hub, &runner.worker.load()});
    crew.max_connections.set(1000);
    listener->name = "mine";
    listener->service = "echo";
    listener->listen = {parse_listen_address("127.0.0.1:0").value()};
    listener->backlog = 128;
    listener->close_timeout = std::chrono::minutes{10};
    listener->bind_retry = std::chrono::seconds{5};
    listener->on_limit = "close";
  }

  /// The plan of `listener` with an echo service, after what a test changed in it.
  [[nodiscard]] std::shared_ptr<const ListenerPlan> plan() const {
    auto made = std::make_shared<ListenerPlan>();
    made->config = std::make_shared<const config::Listener>(*listener);
    made->owner = owner;
    made->service = [] {
      return std::make_unique<ScriptedService>(
          ScriptedService::Script{.on_data = [](Session& session, ByteView bytes) {
            session.send(bytes);
            return bytes.size();
          }});
    };
    return made;
  }
  /// Binds the addresses of `listener` and hands them to the hub.
  void listen() {
    bindings = bindings_of(*listener);
    bind_missing(bindings, *listener);
    hub.set_listener(plan(), sockets());
  }
  [[nodiscard]] std::vector<BoundSocketPtr> sockets() const {
    std::vector<BoundSocketPtr> all;
    for (const auto& binding : bindings) {
      if (binding.socket) all.push_back(binding.socket);
    }
    return all;
  }
  [[nodiscard]] Address address() const { return bindings.at(0).socket->bound; }
  Peer connect() { return Peer{connect_plain(address())}; }
  /// What is said to it comes back.
  bool is_served(Peer& peer) {
    const std::string before = peer.received;
    peer.write("hello");
    return runner.run_until([&] { return peer.has(before + "hello") || peer.is_over(); }) &&
           peer.received == before + "hello";
  }
  [[nodiscard]] std::uint64_t refused(Refusal why) const {
    return owner->stats->refused()[static_cast<std::size_t>(why)];
  }
  Worker& worker() { return runner.worker; }
  bool run_until(const std::function<bool()>& condition) { return runner.run_until(condition); }
  [[nodiscard]] const History::Entry& last_record() const { return runner.worker.history().entries().back(); }

  LoopRunner runner;
  Crew crew;
  Hub hub{runner.worker, crew};
  std::shared_ptr<Owner> owner = make_owner();
  std::shared_ptr<config::Listener> listener = std::make_shared<config::Listener>();
  std::vector<Binding> bindings;
};

}  // namespace tcpctl::test
