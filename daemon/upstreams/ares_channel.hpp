// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <ares.h>

#include "engine/loop.hpp"
#include "upstreams/resolver.hpp"

namespace tcpctl {

struct AresFree {
  void operator()(ares_channeldata* channel) const { ares_destroy(channel); }
  void operator()(ares_addrinfo* answer) const { ares_freeaddrinfo(answer); }
  void operator()(ares_options* options) const { ares_destroy_options(options); }
};

/// c-ares with its sockets and timeouts as events of a loop, as one resolv.conf sets it up.
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

  /// Calls `answer` as Resolver::resolve does, but possibly within this call. It must not destroy the
  /// channel: c-ares is below it.
  void query(const std::string& host, std::uint16_t port, Answer answer);
  /// The same, and once, for the SRV records of `service`.
  void query_srv(const std::string& service, Services answer);
  [[nodiscard]] bool is_idle() const { return in_flight_ == 0; }

 private:
  using ChannelPtr = std::unique_ptr<ares_channeldata, AresFree>;
  struct HostQuery;
  struct Leg;
  struct SrvQuery;

  AresChannel(Loop& loop, Duration resolution_delay);
  [[nodiscard]] Result<ChannelPtr> open_one(const Resolver::Options& options, std::string lookups);
  void read_search_list();
  static void on_socket_state(void* self, ares_socket_t fd, int readable, int writable);
  static void on_io(evutil_socket_t fd, short what, void* self);
  static void on_timer(evutil_socket_t fd, short what, void* self);
  static void on_late_family(evutil_socket_t fd, short what, void* query);
  static void on_answer(void* leg, int status, int timeouts, ares_addrinfo* answer);
  static void on_srv_answer(void* query, int status, int timeouts, unsigned char* message, int size);
  [[nodiscard]] std::optional<Resolved> look_in_hosts_file(const std::string& host, std::uint16_t port);
  [[nodiscard]] std::vector<std::string> names_for(const std::string& host) const;
  void ask(const std::shared_ptr<HostQuery>& query);
  void on_family(const std::shared_ptr<HostQuery>& query, int family, Result<Resolved> answer);
  void watch(ares_socket_t fd, bool readable, bool writable);
  void arm_timer();

  Loop& loop_;
  const Duration resolution_delay_;
  std::size_t in_flight_{0};
  std::vector<std::string> search_;  // the domains that a short name is looked for in
  std::size_t ndots_{1};             // a name with so many dots is none
  EventPtr timer_;
  std::map<ares_socket_t, EventPtr> sockets_;
  // Declared last: ares_destroy still calls us.
  ChannelPtr hosts_file_, dns_;
};

}  // namespace tcpctl
