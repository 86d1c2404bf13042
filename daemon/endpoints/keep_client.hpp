// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "connections/client_connection.hpp"
#include "endpoints/byte_ring.hpp"
#include "endpoints/client.hpp"
#include "upstreams/name_watch.hpp"

namespace tcpctl {

/// Keeps `connections` connections up: resolves, connects, and after a loss waits and tries again.
///
/// The wait is `initial`, grows by `factor` with each failure up to `max`, and is spread by `jitter`; it
/// starts anew once a connection has received something or has stood for kStable. Threads: only on the
/// worker's loop.
class KeepClient final : public Client {
 public:
  KeepClient(Worker& worker, Resolver& resolver, std::shared_ptr<const ClientPlan> plan,
             ClientRecord& record);
  ~KeepClient() override;

  [[nodiscard]] ClientRow row() const override;
  void pause() override;
  void resume() override;
  [[nodiscard]] Result<void> reconnect() override;
  [[nodiscard]] Result<std::uint64_t> send(const std::string& data) override;
  [[nodiscard]] Result<ReceivedRow> received(std::uint64_t from) const override {
    return received_.read(from);
  }
  void run(Done done) override;
  [[nodiscard]] std::vector<ProbeRow> probes() const override { return {}; }

 private:
  class Slot;
  friend class Slot;

  void note_failure(Reason reason, const std::string& detail);
  void note_attempt_failed(Reason reason, const std::string& detail);
  [[nodiscard]] Duration backoff(unsigned failures);

  Worker& worker_;
  const std::shared_ptr<const ClientPlan> plan_;
  ClientRecord& record_;
  NameWatch names_;
  ByteRing received_;
  std::minstd_rand random_;
  std::vector<std::unique_ptr<Slot>> slots_;  // last: slots take leave of the members above
};

}  // namespace tcpctl
