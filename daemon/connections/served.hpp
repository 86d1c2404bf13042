// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "connections/connection.hpp"
#include "connections/quota.hpp"
#include "services/service.hpp"

namespace tcpctl {

/// An accepted connection and the service that answers it.
///
/// Reading stops while the peer does not take what the service sent, so both directions hold at most one read
/// buffer. Threads: only on the worker's loop.
class ServedConnection final : public Connection, public Session {
 public:
  ServedConnection(Worker& worker, OwnerPtr owner, Fd fd, const Address& remote,
                   std::unique_ptr<Service> service)
      : Connection{worker, std::move(owner), Direction::inbound, Stage::open, std::move(fd), remote},
        service_{std::move(service)} {}
  [[nodiscard]] bool is_portable() const override;
  [[nodiscard]] std::unique_ptr<CarriedSession> carry() override;
  /// Makes of the socket of `session` what it was in the process before; it ends where the service cannot go
  /// on.
  static void resume(Worker& worker, OwnerPtr owner, std::unique_ptr<Service> service, Terms terms,
                     CarriedSession session);
  /// The terms that it was let in with; before `start`.
  void set_terms(Terms terms) { quota_ = Quota{worker(), *this, std::move(terms)}; }

  void send(ByteView bytes) override;
  [[nodiscard]] std::size_t room() const override;
  void finish(ServiceEnd end, std::string_view detail) override;
  void finish_sending() override { Connection::finish_sending(); }
  void reset(std::string_view detail) override { abort_when_delivered(Reason::local_done, detail); }
  [[nodiscard]] Instant time() const override { return worker().time(); }
  void wake_at(Instant when) override;
  [[nodiscard]] const Address& remote() const override { return facts().remote; }

 private:
  void on_open() override;
  void on_ready() override;
  void on_wake() override;
  void on_gone() override { quota_ = {}; }
  [[nodiscard]] Phase phase() const override {
    return service_->phase() == ServicePhase::script ? Phase::script : Connection::phase();
  }
  void go_on_if_due();
  void read_while_there_is_room();
  [[nodiscard]] bool wants_to_write() const;
  [[nodiscard]] bool wants_to_read() const;
  bool offer(ByteView bytes);
  bool offer_held();

  std::unique_ptr<Service> service_;
  Quota quota_;       // none after its end
  std::string held_;  // what the service did not take yet
  std::size_t turn_left_{Worker::kTurnBytes};
  mutable bool was_denied_{false};  // the service saw no room and waits for on_room
  bool told_fin_{false};
};

}  // namespace tcpctl
