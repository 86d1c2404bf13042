// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/control.hpp"
#include "api/options.hpp"
#include "base/address.hpp"
#include "base/error.hpp"

namespace tcpctl {

/// The HTTP API of the daemon: on a Unix socket, on a loopback port, and metrics for a Prometheus elsewhere.
///
/// Threads: all members from the main thread; answers are made on threads of its own, which call the
/// ControlPlane. `stop` cuts what is under way: it takes no longer than the ControlPlane needs to come back
/// once its waits are cancelled.
class ApiServer {
 public:
  /// Opens the sockets and serves. Errors: what is wrong with roles or tokens, and which address cannot be
  /// bound and why; nothing is left open then. `control` must outlive this.
  [[nodiscard]] static Result<std::unique_ptr<ApiServer>> start(const ApiOptions& options,
                                                                ControlPlane& control);
  virtual ~ApiServer() = default;

  /// Where the ports are bound; empty if that door is off.
  [[nodiscard]] virtual Address http_address() const = 0;
  [[nodiscard]] virtual Address metrics_address() const = 0;

  /// For requests that begin from now on. On an Error what was stays. Reads files and NSS: it may block.
  [[nodiscard]] virtual Result<void> update_access(const AccessOptions& options) = 0;

  /// A thread of its own, by name, and the way to have it run something: for a watchdog.
  struct Thread {
    std::string name;
    std::function<void(std::function<void()>)> post;  // from any thread
  };
  [[nodiscard]] virtual std::vector<Thread> threads() = 0;

  virtual void stop() = 0;
};

}  // namespace tcpctl
