// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "connections/connection.hpp"

namespace tcpctl {

/// An outbound connection of a client: it only tells its observer what happens.
///
/// Threads: only on the worker's loop. The observer outlives it, or calls `forget_observer` first.
class ClientConnection final : public Connection {
 public:
  class Observer {
   public:
    Observer() = default;
    Observer(const Observer&) = delete;
    Observer& operator=(const Observer&) = delete;
    virtual void on_up(ClientConnection& connection) = 0;
    virtual void on_data(ClientConnection& connection, ByteView bytes) = 0;
    /// How many bytes it takes now: no more are read. Where that is none, reading stops until `read_on`, and
    /// the peer has to wait once the kernel's buffer is full.
    [[nodiscard]] virtual std::size_t room() const { return SIZE_MAX; }
    /// Whether it can go on with the connection in another process.
    [[nodiscard]] virtual bool can_go_on() const { return false; }
    virtual void on_peer_fin(ClientConnection& connection) = 0;
    /// It is over; the record is complete, `connection.facts().close` says why.
    virtual void on_gone(ClientConnection& connection) = 0;

   protected:
    ~Observer() = default;
  };

  ClientConnection(Worker& worker, OwnerPtr owner, Fd fd, const Address& remote, Observer& observer,
                   Stage stage = Stage::connecting)
      : Connection{worker, std::move(owner), Direction::outbound, stage, std::move(fd), remote},
        observer_{&observer} {}

  [[nodiscard]] bool is_portable() const override {
    return is_standing() && observer_ != nullptr && observer_->can_go_on();
  }
  /// The observer has room again.
  void read_on() {
    if (is_open() && readable()) another_turn();
  }
  void observe(Observer& observer) { observer_ = &observer; }
  void forget_observer() { observer_ = nullptr; }
  using Connection::connect_within;
  using Connection::destination;  // its own end, as it is no proxy's
  using Connection::fail_connect;
  using Connection::finish_sending;
  using Connection::is_open;
  using Connection::is_standing;
  using Connection::note_reason;
  using Connection::note_upstream;
  using Connection::pack;
  using Connection::queued;
  using Connection::restart;
  using Connection::send;
  using Connection::unpack;

 private:
  void on_open() override {
    if (observer_ != nullptr) observer_->on_up(*this);
  }
  void on_ready() override;
  void on_gone() override {
    if (observer_ != nullptr) observer_->on_gone(*this);
  }

  Observer* observer_;
};

}  // namespace tcpctl
