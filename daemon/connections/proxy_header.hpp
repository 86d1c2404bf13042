// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>
#include <utility>

#include "connections/connection.hpp"

namespace tcpctl {

/// How long a PROXY header is waited for, and how long it may be.
struct ProxyHeaderLimits {
  Duration timeout;
  std::size_t max_bytes;
};

/// An accepted connection whose peer has to say first whose it is, by a PROXY header.
///
/// The header stays in the kernel until it is whole, so nothing is kept of it here and what follows it is
/// there for whoever goes on with the socket. A wrong, late or cut header ends the connection with
/// `proxy_header_error`; a peer that leaves without a word ends it as any other does. Threads: only on the
/// worker's loop. Source: haproxy, doc/proxy-protocol.txt, section 2.
class ProxyHeaderConnection final : public Connection {
 public:
  /// Called once the header was read: `hand_over` or `finish` the connection, at once or later.
  using Next = std::function<void(ProxyHeaderConnection&)>;

  ProxyHeaderConnection(Worker& worker, OwnerPtr owner, Fd fd, const Address& remote,
                        const ProxyHeaderLimits& limits, Next next)
      : Connection{worker, std::move(owner), Direction::inbound, Stage::open, std::move(fd), remote},
        limits_{limits},
        next_{std::move(next)} {}

  /// For the socket that whoever goes on will need besides; given back when the connection ends.
  void set_room(Worker::Room room) { room_ = std::move(room); }
  [[nodiscard]] Worker::Room take_room() { return std::move(room_); }

  /// The sender's own connection, as a health check is.
  [[nodiscard]] bool is_local() const { return is_local_; }
  using Connection::hand_over;
  using Connection::leave_no_record;
  void end(Reason reason, bool graceful) override {
    room_.reset();
    Connection::end(reason, graceful);
  }

 private:
  struct Timer final : tcpctl::Deadline {  // the name is private to Connection
    explicit Timer(ProxyHeaderConnection& of) : connection{of} {}
    void on_deadline() override { connection.on_late(); }
    ProxyHeaderConnection& connection;
  };

  void on_open() override;
  void on_ready() override;
  void on_gone() override;
  void on_overdue(Reason reason, std::string_view detail) override;
  [[nodiscard]] Phase phase() const override { return Phase::proxy_header; }
  void on_late();
  void on_cut(std::size_t bytes);
  void refuse(std::string_view why);

  const ProxyHeaderLimits limits_;
  const Next next_;
  Worker::Room room_;
  Timer timer_{*this};
  bool is_read_{false};
  bool is_local_{false};
};

}  // namespace tcpctl
