// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/units.hpp"
#include "engine/loop.hpp"
#include "upstreams/srv_answer.hpp"

namespace tcpctl {

/// What a host name stands for.
struct Resolved {
  static constexpr std::size_t kMostAddresses = 64;
  std::vector<Address> addresses;  // with the port asked for; 1 .. kMostAddresses; best first (RFC 6724)
  std::chrono::seconds ttl;  // the smallest of the answer; a few seconds for /etc/hosts; of literals the most
  int missing{AF_UNSPEC};    // the family whose answer is not there: AF_INET, AF_INET6; AF_UNSPEC = both are
  std::string error{};       // why it is not; "" = it has not come yet
  /// Nothing more comes.
  [[nodiscard]] bool is_final() const { return missing == AF_UNSPEC || !error.empty(); }
};

/// Looks up host names without blocking its loop: /etc/hosts, then DNS (A and AAAA) by c-ares; and services
/// (SRV) in DNS.
///
/// A and AAAA are asked apart, so that a server that is silent to one of them holds up nothing: the addresses
/// of one family are told `resolution_delay` after they came, and those of both once both are there. A family
/// of which the name has no address is no failure where the other has some. Unlike RFC 8305 section 3, IPv6
/// waits so long, too: a race of attempts that has begun takes no further addresses in.
///
/// Names that only nsswitch modules know (mdns, ldap) are not served. A changed resolv.conf, be it written,
/// replaced or pointed to by another symbolic link, holds from the next request on. Requests may be in flight
/// when it is destroyed: none of their callbacks is called then. Threads: the loop's own.
class Resolver {
 public:
  struct Options {
    std::vector<std::string> servers{};  // "127.0.0.1:5353"; none = those of resolv.conf
    Duration attempt_timeout{std::chrono::seconds{2}};
    int attempts{2};  // per server
    std::string resolv_conf{"/etc/resolv.conf"};
    std::uint16_t port{53};                       // of the servers of resolv.conf
    Duration least_ttl{std::chrono::seconds{1}};  // how soon a NameWatch asks again, whatever the TTL
    Duration first_retry{std::chrono::seconds{1}};
    Duration resolution_delay{std::chrono::milliseconds{50}};  // how long one family waits for the other
  };
  using Callback = std::function<void(Result<Resolved>)>;
  using SrvCallback = std::function<void(Result<SrvAnswer>)>;

  /// Holds a request open; dropping it cancels, and the callback is not called any more.
  class Request {
   public:
    Request() = default;
    Request(Request&& other) noexcept = default;
    Request& operator=(Request&& other) noexcept = default;
    void cancel() { callback_.reset(); }
    [[nodiscard]] bool is_open() const { return callback_ != nullptr; }

   private:
    friend class Resolver;
    explicit Request(std::shared_ptr<void> callback) : callback_{std::move(callback)} {}
    std::shared_ptr<void> callback_;  // the answer looks for it, and finds it gone
  };

  explicit Resolver(Loop& loop);
  Resolver(Loop& loop, Options options);
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  ~Resolver();

  /// Calls `callback` from the loop and never within this call: once, or where a family is late a second
  /// time, with what is final. A literal address needs no query. Errors: not_found (no such name, or no
  /// address), timed_out, unavailable (no server to be reached), invalid_argument (not a host name), io (an
  /// answer that is none).
  [[nodiscard]] Request resolve(std::string_view host, std::uint16_t port, Callback callback);
  /// The same, and once, for the SRV records of `service`, "_svc._tcp.example". Errors also: not_found (no
  /// SRV record, or the service is said to be nowhere).
  [[nodiscard]] Request resolve_srv(std::string_view service, SrvCallback callback);

  [[nodiscard]] Loop& loop() const { return loop_; }
  [[nodiscard]] const Options& options() const;

 private:
  class Channels;
  Loop& loop_;
  std::shared_ptr<Channels> channels_;  // shared with nobody; answers under way see it expire
};

}  // namespace tcpctl
