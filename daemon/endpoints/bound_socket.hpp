// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
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
  /// A passed socket is a service manager's, which goes on with it when the daemon lets go of it: so it is
  /// never closed for others, and those in its queue wait for whoever has it next.
  enum class Origin : std::uint8_t { own, passed };
  /// `address`: where `socket` is bound.
  BoundSocket(Fd socket, Address address, Origin origin = Origin::own);
  BoundSocket(const BoundSocket&) = delete;
  BoundSocket& operator=(const BoundSocket&) = delete;
  ~BoundSocket();  // the file of an own Unix socket goes with it, unless that was left behind
  [[nodiscard]] bool is_passed() const { return origin_ == Origin::passed; }
  /// The next process has the socket; its file stays. Threads: any.
  void leave_behind() const { left_behind_ = true; }
  /// The file at the path of a Unix socket is still its own; of others, always.
  [[nodiscard]] bool has_its_place() const;

  Fd fd;
  Address bound;

 private:
  using FileId = std::pair<std::uint64_t, std::uint64_t>;  // device, inode
  [[nodiscard]] std::optional<FileId> file_there() const;

  const Origin origin_;
  const std::optional<FileId> file_;  // nothing unless it is a Unix socket with a path
  mutable std::atomic<bool> left_behind_{false};
};
using BoundSocketPtr = std::shared_ptr<const BoundSocket>;
/// The sockets that a service manager passed, by the name that "systemd:NAME" means.
using PassedSockets = std::map<std::string, std::vector<BoundSocketPtr>>;

/// One address of a listener: as configured, and the socket on it or why there is none.
struct Binding {
  std::string configured;  // "*:7000" makes two bindings of this text
  Address address;         // what to bind
  BoundSocketPtr socket;   // null = failed
  std::string error;
};

/// The addresses that `listen` stands for; nothing is bound yet but what was passed.
[[nodiscard]] std::vector<Binding> bindings_of(const config::Listener& listener,
                                               const PassedSockets& passed = {});
/// Gives each of `wanted` the socket that `held` has on its address. Answers what of `held` has a socket and
/// is not wanted.
[[nodiscard]] std::vector<Binding> take_over(std::vector<Binding>& wanted, std::vector<Binding> held);
[[nodiscard]] bool all_bound(const std::vector<Binding>& bindings);
/// Why addresses are not bound, "; " between; "" if all are.
[[nodiscard]] std::string errors_of(const std::vector<Binding>& bindings);
/// The kernel allows no second socket on any of the addresses of `wanted` that are not bound, as long as
/// those of `unwanted` stand.
[[nodiscard]] bool only_waits_for(const std::vector<Binding>& wanted, const std::vector<Binding>& unwanted);
/// Errors: conflict, where an address cannot be bound that neither is in `held` nor waits for one that is, or
/// an option cannot be set. Nothing listens after it, and no file of a Unix socket is made or replaced.
[[nodiscard]] Result<void> try_to_bind(const config::Listener& listener, const std::vector<Binding>& held,
                                       const PassedSockets& passed = {});
/// Gives the sockets of `bindings` those options of `listener` that are others in `before`; what is not said
/// any more becomes what a new socket has. Connections accepted from now on inherit them. All of them are set
/// or none. Errors: conflict.
[[nodiscard]] Result<void> adopt_options(const std::vector<Binding>& bindings,
                                         const config::Listener& listener, const config::Listener& before);
/// How a socket comes to listen on an address: tcp::listen_on, or what a test puts in its place.
using ListenOn = std::function<Result<Fd>(const Address&, const tcp::ListenOptions&)>;
/// Tries to bind each that is not bound. The two families of a "*:0" get one port that is free on both.
void bind_missing(std::vector<Binding>& bindings, const config::Listener& listener,
                  const ListenOn& listen_on = tcp::listen_on);

}  // namespace tcpctl
