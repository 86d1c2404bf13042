// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include <ares.h>

#include "engine/loop.hpp"
#include "upstreams/resolver.hpp"

namespace tcpctl {

struct AresFree {
  void operator()(ares_channeldata* channel) const { ares_destroy(channel); }
  void operator()(ares_addrinfo* answer) const { ares_freeaddrinfo(answer); }
};

/// One c-ares channel whose sockets and timeouts are events of a loop.
///
/// Destroying it with queries in flight drops their answers. Threads: the loop's own.
class AresChannel {
 public:
  using Answer = std::function<void(Result<Resolved>)>;
  using Services = std::function<void(Result<SrvAnswer>)>;

  /// Errors: unavailable, with the words of c-ares (no memory, a server address that is none).
  [[nodiscard]] static Result<std::unique_ptr<AresChannel>> open(Loop& loop,
                                                                 const Resolver::Options& options);

  AresChannel(const AresChannel&) = delete;
  AresChannel& operator=(const AresChannel&) = delete;
  ~AresChannel();

  /// Calls `answer` once, possibly within this call. It must not destroy the channel: c-ares is below it.
  void query(const std::string& host, std::uint16_t port, Answer answer);
  /// The same for the SRV records of `service`.
  void query_srv(const std::string& service, Services answer);
  [[nodiscard]] bool is_idle() const { return in_flight_ == 0; }

 private:
  struct Query;
  struct SrvQuery;

  explicit AresChannel(Loop& loop);
  static void on_socket_state(void* self, ares_socket_t fd, int readable, int writable);
  static void on_io(evutil_socket_t fd, short what, void* self);
  static void on_timer(evutil_socket_t fd, short what, void* self);
  static void on_answer(void* query, int status, int timeouts, ares_addrinfo* answer);
  static void on_srv_answer(void* query, int status, int timeouts, unsigned char* message, int size);
  void watch(ares_socket_t fd, bool readable, bool writable);
  void arm_timer();

  Loop& loop_;
  std::size_t in_flight_{0};
  bool asking_{false};  // an answer now is one of /etc/hosts
  EventPtr timer_;
  std::map<ares_socket_t, EventPtr> sockets_;
  std::unique_ptr<ares_channeldata, AresFree> channel_;  // declared last: ares_destroy still calls us
};

}  // namespace tcpctl
