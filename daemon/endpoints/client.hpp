// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "connections/worker.hpp"
#include "endpoints/plan.hpp"
#include "stats/snapshot.hpp"
#include "upstreams/resolver.hpp"

namespace tcpctl {

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

[[nodiscard]] std::unique_ptr<Client> make_client(Worker& worker, Resolver& resolver,
                                                  std::shared_ptr<const ClientPlan> plan);

}  // namespace tcpctl
