// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/address.hpp"
#include "base/fd.hpp"
#include "config/config.hpp"
#include "tcp/socket.hpp"

namespace tcpctl {

/// A listening socket. The supervisor and the acceptor share it; it closes when both have let go.
struct BoundSocket {
  BoundSocket(Fd socket, Address address) : fd{std::move(socket)}, bound{std::move(address)} {}
  BoundSocket(const BoundSocket&) = delete;
  BoundSocket& operator=(const BoundSocket&) = delete;
  ~BoundSocket();  // a Unix socket's file goes with it

  Fd fd;
  Address bound;
};
using BoundSocketPtr = std::shared_ptr<const BoundSocket>;

/// One address of a listener: as configured, and the socket on it or why there is none.
struct Binding {
  std::string configured;  // "*:7000" makes two bindings of this text
  Address address;         // what to bind
  BoundSocketPtr socket;   // null = failed
  std::string error;
};

/// The addresses that `listen` stands for; nothing is bound yet.
[[nodiscard]] std::vector<Binding> bindings_of(const config::Listener& listener);
/// Gives each of `wanted` the socket that `held` has on its address. Answers what of `held` has a socket and
/// is not wanted.
[[nodiscard]] std::vector<Binding> take_over(std::vector<Binding>& wanted, std::vector<Binding> held);
[[nodiscard]] bool all_bound(const std::vector<Binding>& bindings);
/// Why addresses are not bound, "; " between; "" if all are.
[[nodiscard]] std::string errors_of(const std::vector<Binding>& bindings);
/// The kernel allows no second socket on any of the addresses of `wanted` that are not bound, as long as
/// those of `unwanted` stand.
[[nodiscard]] bool only_waits_for(const std::vector<Binding>& wanted, const std::vector<Binding>& unwanted);
/// Errors: conflict, where an address cannot be bound that neither is in `held` nor waits for one that is.
/// Nothing listens after it. A Unix socket is not tried, since that would replace its file.
[[nodiscard]] Result<void> try_to_bind(const config::Listener& listener, const std::vector<Binding>& held);
/// Gives a socket that stays the options of a new configuration; connections accepted from now on inherit
/// them.
void adopt_options(const BoundSocket& socket, const config::Listener& listener);
/// How a socket comes to listen on an address: tcp::listen_on, or what a test puts in its place.
using ListenOn = std::function<Result<Fd>(const Address&, const tcp::ListenOptions&)>;
/// Tries to bind each that is not bound. The two families of a "*:0" get one port that is free on both.
void bind_missing(std::vector<Binding>& bindings, const config::Listener& listener,
                  const ListenOn& listen_on = tcp::listen_on);

}  // namespace tcpctl
