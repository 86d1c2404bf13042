// SPDX-License-Identifier: Apache-2.0
#include "api/server.hpp"

#include <utility>

#include "api/front.hpp"
#include "base/log.hpp"

namespace tcpctl {
namespace {

using api::Access;
using api::Door;
using api::ListenSocket;

class Server final : public ApiServer {
 public:
  Server(const FrontLimits& limits, ControlPlane& control, Access access)
      : control_{control},
        core_{control},
        front_{limits, core_, control_, std::make_shared<const Access>(std::move(access))} {}
  ~Server() override { stop(); }

  Result<void> open(const ApiOptions& options) {
    if (options.passed) {
      add(ListenSocket::passed(std::move(*options.passed)), Door::unix_socket);
    } else if (auto opened = open(options.socket, Door::unix_socket); !opened) {
      return opened;
    }
    if (auto opened = open(options.http, Door::http); !opened) return opened;
    if (auto opened = open(options.metrics_listen, Door::metrics); !opened) return opened;
    front_.start();
    return {};
  }

  Address http_address() const override { return http_address_; }
  Address metrics_address() const override { return metrics_address_; }

  Result<void> update_access(const AccessOptions& options) override {
    auto access = Access::make(options);
    if (!access) return tl::make_unexpected(std::move(access).error().within("api"));
    front_.set_access(std::make_shared<const Access>(*std::move(access)));
    return {};
  }

  std::vector<Thread> threads() override {
    std::vector<Thread> threads;
    for (Loop* const loop : front_.loops())
      threads.push_back({loop->name(), [loop](std::function<void()> task) { loop->post(std::move(task)); }});
    return threads;
  }

  void stop() override {
    if (std::exchange(stopped_, true)) return;
    control_.cancel_waits();
    front_.stop();
  }

 private:
  Result<void> open(const std::string& where, Door door) {
    if (where.empty()) return {};
    auto socket = door == Door::unix_socket ? ListenSocket::open_unix(where)
                                            : ListenSocket::open_tcp(where, door == Door::http);
    if (!socket) {
      const char* const key = door == Door::unix_socket ? "api.socket"
                              : door == Door::http      ? "api.http"
                                                        : "api.metrics.listen";
      return tl::make_unexpected(std::move(socket).error().within(key));
    }
    if (door == Door::http) http_address_ = socket->bound();
    if (door == Door::metrics) metrics_address_ = socket->bound();
    add(*std::move(socket), door);
    return {};
  }

  void add(ListenSocket socket, Door door) {
    log::info("api.listening", log::f("address", socket.bound().text()));
    front_.add(std::move(socket), door);
  }

  ControlPlane& control_;
  api::Core core_;
  api::HttpFront front_;
  Address http_address_;
  Address metrics_address_;
  bool stopped_{false};
};

}  // namespace

Result<std::unique_ptr<ApiServer>> ApiServer::start(const ApiOptions& options, ControlPlane& control) {
  auto access = Access::make(options.access);
  if (!access) return tl::make_unexpected(std::move(access).error().within("api"));
  auto server = std::make_unique<Server>(options.limits, control, *std::move(access));
  if (auto opened = server->open(options); !opened) return tl::make_unexpected(std::move(opened).error());
  return server;
}

}  // namespace tcpctl
