// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <memory>
#include <string>
#include <vector>

#include "endpoints/ack_watch.hpp"
#include "endpoints/client.hpp"
#include "endpoints/keep_slot.hpp"

namespace tcpctl {

/// Keeps `connections` connections up, each on its own: see KeepSlot.
///
/// The pause after a failure is `initial`, grows by `factor` with each failure up to `max`, and is spread by
/// `jitter`. What all of them receive goes into one ring. A new configuration holds for attempts that begin
/// later, and a connection keeps what it began with. Threads: only on the worker's loop.
class KeepClient final : public Client {
 public:
  KeepClient(Worker& worker, Resolver& resolver, ConnectPacer& pacer, std::shared_ptr<const ClientPlan> plan,
             ClientRecord& record, CarriedClient carried = {});
  ~KeepClient() override;

  /// Not for another address or mode.
  [[nodiscard]] bool take_plan(std::shared_ptr<const ClientPlan> plan) override;
  [[nodiscard]] ClientRow row() const override;
  void pause() override;
  void resume() override;
  [[nodiscard]] Result<void> reconnect() override;
  void send(const std::string& data, std::optional<Duration> wait_ack, Sent done) override;
  [[nodiscard]] Result<ReceivedRow> received(std::uint64_t from) const override;
  [[nodiscard]] Result<TakenRow> take(std::uint64_t upto) override;
  [[nodiscard]] bool is_up() const override { return !slots_.empty() && home_.up == slots_.size(); }
  [[nodiscard]] std::optional<std::vector<SlotRow>> slots() const override;
  void run(Done done) override;
  [[nodiscard]] std::vector<ProbeRow> probes() const override { return {}; }
  [[nodiscard]] CarriedClient carry() override;

 private:
  void begin();
  void take_up(CarriedSession session);
  void make_slots();
  /// Null, and `why` says why, where nothing can be sent.
  [[nodiscard]] Result<ClientConnection*> connection_for(std::size_t bytes) const;
  [[nodiscard]] const std::string& name() const { return home_.plan->owner->name; }

  KeepHome home_;
  std::list<AckWatch> acks_;
  std::vector<std::unique_ptr<KeepSlot>> slots_;  // last: slots take leave of the members above
};

}  // namespace tcpctl
