// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "app/systemd.hpp"
#include "endpoints/bound_socket.hpp"

namespace tcpctl {

/// The listening sockets that last longer than this process: those of socket units, and those that the
/// service manager keeps for the next process, so that nobody is refused while there is none.
///
/// Threads: the main thread.
class SocketKeeper {
 public:
  /// `stores`: there is somebody who keeps sockets.
  explicit SocketKeeper(bool stores) : stores_{stores} {}

  /// What came with the start of this process. What is no listening stream socket is logged and closed.
  void take(std::vector<systemd::PassedFd> passed);
  /// The API's Unix socket, if it was passed; once.
  [[nodiscard]] Fd take_api() { return std::move(api_); }
  /// What a process before left of its connections; once.
  [[nodiscard]] Fd take_carry() { return std::move(carry_); }
  /// The sockets of socket units.
  [[nodiscard]] const PassedSockets& passed() const { return passed_; }
  /// Binds to an address, or goes on with the socket that the process before had there.
  [[nodiscard]] ListenOn listen_on();

  /// `listener` has these sockets from now on: they are kept, and what else it had no longer is.
  void keep(const std::string& listener, const std::vector<BoundSocketPtr>& sockets);
  /// All listeners have what they want: what the process before left beside that closes.
  void drop_rest();
  /// This process ends, and the next one has the sockets.
  void leave() const;
  [[nodiscard]] bool stores() const { return stores_; }

  static constexpr const char* kApi = "api";
  static constexpr const char* kCarry = "tcpctl.carry";

 private:
  using Kept = std::map<std::string, std::weak_ptr<const BoundSocket>>;  // by the name in the store

  void take_listening(systemd::PassedFd passed);
  void store(const std::string& name, int fd);
  void unstore(const std::string& name);
  [[nodiscard]] Fd take_stored(const Address& address);

  const bool stores_;
  Fd api_, carry_;
  PassedSockets passed_;
  std::vector<systemd::PassedFd> stored_;  // of the process before, until somebody wants them
  std::map<std::string, Kept> kept_;       // by listener
  std::set<std::string> names_;            // in the store, of this process and the one before
};

}  // namespace tcpctl
