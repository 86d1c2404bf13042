// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <thread>
#include <unordered_map>
#include <vector>

#include "api/access.hpp"
#include "api/core.hpp"
#include "api/front_acceptor.hpp"
#include "api/front_connection.hpp"
#include "api/front_streams.hpp"
#include "api/front_workers.hpp"
#include "api/options.hpp"
#include "api/sockets.hpp"
#include "engine/loop.hpp"

namespace tcpctl::api {

/// HTTP on a thread of its own: sockets, limits and deadlines here, complete requests to the Core on a few
/// workers. So a slow client costs a buffer, and a slow daemon costs a worker, but neither stops the others.
///
/// `/healthz` is answered on this thread. The Unix socket has its own share of connections and goes first in
/// the queue, so that whoever floods the loopback port does not lock the operator out.
/// Threads: `set_access` from any; the rest from the thread that made it.
class HttpFront final : private FrontConnection::Owner, private FrontAcceptor::Owner {
 public:
  HttpFront(const FrontLimits& limits, Core& core, ControlPlane& control,
            std::shared_ptr<const Access> access);
  HttpFront(const HttpFront&) = delete;
  HttpFront& operator=(const HttpFront&) = delete;
  ~HttpFront() override;

  /// Before `start` only.
  void add(ListenSocket socket, Door door);
  void start();
  /// Closes the sockets, cuts the connections and waits for what the workers still do.
  void stop();
  void set_access(std::shared_ptr<const Access> access);

 private:
  struct Slot {
    std::unique_ptr<FrontConnection> connection;
    FrontAcceptor* acceptor;
  };

  void on_accepted(FrontAcceptor& acceptor, Fd fd, const Address& remote) override;
  void on_request(FrontConnection::Id id, HttpRequest request, const Peer& peer) override;
  [[nodiscard]] bool reserve(std::ptrdiff_t bytes) override;
  void on_stream_room(FrontConnection::Id id) override;
  void on_stream_stalled(FrontConnection::Id id) override;
  void on_closed(FrontConnection::Id id) override;
  void deliver(FrontConnection::Id id, Core::Answer answer);

  const FrontLimits limits_;
  Core& core_;
  Loop loop_;
  // The loop's own from here on.
  std::shared_ptr<const Access> access_;
  FrontConnection::Id next_id_{1};
  std::size_t held_{0};  // bytes of all connections; each gives its share back when it goes
  std::vector<std::unique_ptr<FrontAcceptor>> acceptors_;
  std::unordered_map<FrontConnection::Id, Slot> connections_;
  FrontStreams streams_;
  FrontWorkers workers_;
  std::thread thread_;
};

}  // namespace tcpctl::api
