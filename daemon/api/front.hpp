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
/// `/healthz` is answered on this thread. Each listening socket has its own share of connections and bytes,
/// and the Unix socket and the one for metrics go first in the queue, so that whoever floods the loopback
/// port locks out neither the operator nor who watches. Of a socket that has all its connections, the one
/// whose peer has been silent or slow for longest gives way to a newcomer.
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
  /// Those that should always turn: its own, and the workers' that answer without waiting for others.
  [[nodiscard]] std::vector<Loop*> loops();

 private:
  struct Slot {
    std::unique_ptr<FrontConnection> connection;
    FrontAcceptor* acceptor;
  };

  void on_accepted(FrontAcceptor& acceptor, Fd fd, const Address& remote) override;
  void on_request(FrontConnection::Id id, HttpRequest request, const Peer& peer) override;
  void on_stream_room(FrontConnection::Id id) override;
  void on_stream_stalled(FrontConnection::Id id) override;
  void on_closed(FrontConnection::Id id) override;
  [[nodiscard]] bool make_room(const FrontAcceptor& acceptor);
  void deliver(FrontConnection::Id id, Core::Answer answer);
  [[nodiscard]] FrontWorkers& workers_for(const HttpRequest& request);

  const FrontLimits limits_;
  Core& core_;
  Loop loop_;
  // The loop's own from here on.
  std::shared_ptr<const Access> access_;
  FrontConnection::Id next_id_{1};
  std::vector<std::unique_ptr<FrontAcceptor>> acceptors_;
  std::unordered_map<FrontConnection::Id, Slot> connections_;
  FrontStreams streams_;
  FrontWorkers workers_;
  std::unique_ptr<FrontWorkers> probers_;  // for what waits for a probe; none before the first
  std::thread thread_;
};

}  // namespace tcpctl::api
