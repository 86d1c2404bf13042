// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "api/front_budget.hpp"
#include "api/http_request.hpp"
#include "api/sockets.hpp"
#include "engine/loop.hpp"

namespace tcpctl::api {

/// Accepts from one listening socket. Where accept fails for want of descriptors it rests for a while: the
/// socket stays readable, and trying at once would spin.
/// Threads: its loop's.
class FrontAcceptor {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void on_accepted(FrontAcceptor& acceptor, Fd fd, const Address& remote) = 0;
  };

  /// `held_bytes`: the budget of its connections.
  FrontAcceptor(ListenSocket socket, Door door, const Loop& loop, Owner& owner, std::size_t held_bytes);
  FrontAcceptor(const FrontAcceptor&) = delete;
  FrontAcceptor& operator=(const FrontAcceptor&) = delete;

  [[nodiscard]] Door door() const { return door_; }
  std::size_t open{0};  // connections that came from here, kept by the owner
  FrontBudget budget;   // which they share

 private:
  static void on_readable(evutil_socket_t fd, short what, void* self);
  static void on_rested(evutil_socket_t fd, short what, void* self);
  void accept_some();
  void rest(int error_number);

  ListenSocket socket_;
  const Door door_;
  Owner& owner_;
  bool failing_{false};
  EventPtr readable_;
  EventPtr rested_;
};

}  // namespace tcpctl::api
