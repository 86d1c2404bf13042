// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "connections/served.hpp"
#include "support/loop_runner.hpp"
#include "support/tcp_peer.hpp"

namespace tcpctl::test {

/// A service made of what a test wants to happen; by itself it takes everything and ends with its peer.
class ScriptedService final : public Service {
 public:
  struct Script {
    std::function<void(Session&)> on_open = [](Session&) {};
    std::function<std::size_t(Session&, ByteView)> on_data = [](Session&, ByteView bytes) {
      return bytes.size();
    };
    std::function<void(Session&)> on_room = [](Session&) {};
    std::function<void(Session&)> on_wake = [](Session&) {};
    std::function<void(Session&)> on_peer_fin = [](Session& session) { session.finish(ServiceEnd::done); };
  };
  explicit ScriptedService(Script script) : script_{std::move(script)} {}

  void on_open(Session& session) override { script_.on_open(session); }
  std::size_t on_data(Session& session, ByteView bytes) override { return script_.on_data(session, bytes); }
  void on_room(Session& session) override { script_.on_room(session); }
  void on_wake(Session& session) override { script_.on_wake(session); }
  void on_peer_fin(Session& session) override { script_.on_peer_fin(session); }

 private:
  Script script_;
};

inline std::shared_ptr<Owner> make_owner(Owner::Kind kind = Owner::Kind::listener,
                                         std::string service = "test") {
  auto owner = std::make_shared<Owner>();
  owner->kind = kind;
  owner->name = "mine";
  owner->service = std::move(service);
  owner->congestion = "cubic";
  owner->close_timeout = std::chrono::minutes{10};  // longer than any test, unless it is about it
  owner->stats = std::make_shared<PartyStats>(1);
  return owner;
}

/// The events of a timeline by name, those that are inferred in brackets.
inline std::vector<std::string> timeline_of(const ConnectionRow& row) {
  std::vector<std::string> names;
  for (const auto& entry : row.timeline) {
    const std::string name{text(entry.event)};
    names.push_back(entry.seen ? name : "(" + name + ")");
  }
  return names;
}

class ConnectionFixture : public testing::Test {
 protected:
  Worker& worker() { return runner.worker; }

  /// Serves one end of a new TCP connection; the other is `peer`.
  Connection& serve(ScriptedService::Script script) {
    auto pair = tcp_pair();
    peer = std::move(pair.there);
    return serve(std::move(pair.here), std::move(script));
  }
  Connection& serve(Fd fd, ScriptedService::Script script) {
    worker().tick();
    owner->stats->add_opened();
    const Address remote = peer.local();
    auto made = std::make_unique<ServedConnection>(worker(), owner, std::move(fd), remote,
                                                   std::make_unique<ScriptedService>(std::move(script)));
    Connection& connection = *made;
    id = connection.facts().id;
    worker().adopt(std::move(made));
    connection.start();
    return connection;
  }

  [[nodiscard]] bool has_ended(ConnectionId which) { return worker().history().find(which) != nullptr; }
  /// Runs until the connection has ended, and answers its record.
  ConnectionRow record(ConnectionId which) {
    if (!runner.run_until([&] { return has_ended(which); })) {
      ADD_FAILURE() << "connection " << id_text(which) << " did not end";
      return {};
    }
    return to_row(*worker().history().find(which), now());
  }
  ConnectionRow record() { return record(id); }
  static CloseRow close_of(const ConnectionRow& row) {
    if (row.close) return *row.close;
    ADD_FAILURE() << "not closed";
    return {};
  }
  bool run_until(const std::function<bool()>& condition) { return runner.run_until(condition); }

  LoopRunner runner;
  std::shared_ptr<Owner> owner = make_owner();
  Peer peer;
  ConnectionId id{};
};

}  // namespace tcpctl::test
