// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "connections/worker.hpp"
#include "endpoints/plan.hpp"
#include "stats/snapshot.hpp"
#include "upstreams/name_watch.hpp"

namespace tcpctl {

/// What is remembered of a client by its name, whatever its configuration becomes.
struct ClientRecord {
  bool paused{false};
  std::uint64_t attempts{0};
  std::map<std::string, std::uint64_t> failures;  // by reason or result word
  /// Of the attempts that are over, each counted once: "connected" (a probe that was good), else the reason
  /// or result word.
  std::map<std::string, std::uint64_t> outcomes;
  std::string last_failure;
  std::deque<ProbeRow> results;  // newest first
};

/// A declared outbound party, of either mode. What a mode cannot do answers `conflict`.
/// Destroying it ends its connections gracefully.
/// Threads: only on the worker's loop.
class Client {
 public:
  Client() = default;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  virtual ~Client() = default;

  [[nodiscard]] virtual ClientRow row() const = 0;
  virtual void pause() = 0;
  virtual void resume() = 0;
  [[nodiscard]] virtual Result<void> reconnect() = 0;
  [[nodiscard]] virtual Result<std::uint64_t> send(const std::string& data) = 0;
  [[nodiscard]] virtual Result<ReceivedRow> received(std::uint64_t from) const = 0;
  /// Runs a probe now, or joins the one that is running; `done` is called once, unless the client goes
  /// before.
  using Done = std::function<void(Result<ProbeRow>)>;
  virtual void run(Done done) = 0;
  [[nodiscard]] virtual std::vector<ProbeRow> probes() const = 0;  // newest first
};

/// Tells in `row` what the client's address stands for.
void note_names(ClientRow& row, const NameState& names);

/// `record` outlives it; a client that was paused begins paused.
[[nodiscard]] std::unique_ptr<Client> make_client(Worker& worker, Resolver& resolver,
                                                  std::shared_ptr<const ClientPlan> plan,
                                                  ClientRecord& record);

}  // namespace tcpctl
