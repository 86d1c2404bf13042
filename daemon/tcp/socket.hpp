// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/units.hpp"

/// Making sockets and setting their options. Every socket is non-blocking and close-on-exec.
/// Threads: any; the caller owns what it gets. Source: socket(7), tcp(7), ipv6(7), unix(7).
namespace tcpctl::tcp {

/// What every connection of a listener or a client is given.
struct Options {
  struct Keepalive {
    std::chrono::seconds idle, interval;
    int probes;
    friend bool operator==(const Keepalive&, const Keepalive&) = default;
  };
  std::optional<Keepalive> keepalive;
  std::optional<Duration> user_timeout;  // TCP_USER_TIMEOUT, in whole ms
  std::string congestion;                // "" = the host's
  // of those alone that connect
  std::optional<Address> source{};  // connects from this address, whatever its port
  std::string interface{};          // connects through this one (SO_BINDTODEVICE); "" = any
  bool nodelay{true};               // TCP_NODELAY
  friend bool operator==(const Options&, const Options&) = default;
};

struct ListenOptions {
  Options inherited;  // an accepted socket inherits them from the listening one
  int backlog{4096};
  std::string unix_mode;   // octal text, "" = by umask
  std::string unix_group;  // "" = the daemon's own
};

/// A bound and listening socket. IPv6 is V6ONLY. A Unix socket file that nobody answers on is replaced.
/// Errors: io, with the address and the errno's words ("address already in use").
[[nodiscard]] Result<Fd> listen_on(const Address& address, const ListenOptions& options);
/// Gives `fd`, which another process made listen on `address`, the options that a new socket would have.
/// Errors: as `listen_on`.
[[nodiscard]] Result<void> listen_anew(int fd, const Address& address, const ListenOptions& options);
/// The first half of `listen_on`: nobody can connect yet, and nobody else can bind there.
[[nodiscard]] Result<Fd> bind_to(const Address& address, const ListenOptions& options);

/// Has the kernel no longer keep the SYN of those who connect to a listening TCP socket (TCP_SAVE_SYN).
void forget_syns(int listening);

/// Which segments a listening TCP socket still takes while it is being closed. close(2) resets whoever the
/// kernel has completed and nobody has accepted, so that first nobody new may begin (`handshakes_under_way`),
/// and then nobody may complete (`nothing`). A segment that is not taken is lost, as on the way: its sender
/// tries again, and finds the address closed. Accepted sockets may inherit the filter: `take_all_segments`.
/// Source: socket(7), SO_ATTACH_FILTER, which needs no privilege; RFC 9293 section 3.5 (the handshake).
enum class Taken { handshakes_under_way, nothing };
void take_only(Taken what, int listening);
void take_all_segments(int fd);

/// Gives the file of a Unix socket the mode and the group of `options`, and where those say nothing, what it
/// would have as a new file. Errors: not_found for the group, io.
[[nodiscard]] Result<void> reset_unix_rights(const std::string& path, const ListenOptions& options);

/// Whether `options` could be set on a socket of `family`. Errors: as `bind_to` says them of these.
[[nodiscard]] Result<void> try_options(int family, const ListenOptions& options);

/// What `bind_to` would say to the path of a Unix socket, as far as that shows without making a file there.
/// Errors: as of `bind_to`.
[[nodiscard]] Result<void> try_unix_path(const Address& address, const ListenOptions& options);

/// Whether who connects to `target` comes to the socket that is bound to `bound`; `hosts`: the addresses of
/// this host, where they are known. A wildcard of IPv6 stands for both families; a Unix socket is known by
/// its file, however the path is written.
[[nodiscard]] bool reaches(const Address& target, const Address& bound, const std::vector<Address>& hosts);

/// While one lives, `connect_to` refuses these addresses: the daemon's own API, which would be opened to all
/// who reach a listener that forwards there. Of a wildcard address, all addresses of this host are meant.
/// Threads: made once the API has its addresses, while connections may be made already, and destroyed after
/// everything that connects; there is one at most.
class OwnAddresses {
 public:
  explicit OwnAddresses(std::vector<Address> addresses);
  OwnAddresses(const OwnAddresses&) = delete;
  OwnAddresses& operator=(const OwnAddresses&) = delete;
  ~OwnAddresses();
  [[nodiscard]] bool contain(const Address& address) const;

 private:
  const std::vector<Address> addresses_;
};
/// Threads: any.
[[nodiscard]] bool is_own(const Address& address);

/// A socket on its way to `address`; the result is seen when it becomes writable. Unix sockets connect at
/// once. Errors: io, of `source` and `interface` with their names; conflict where it is among the
/// OwnAddresses; unavailable where descriptors or memory are short (EMFILE, ENFILE, ENOBUFS, ENOMEM).
struct Connecting {
  Fd fd;
  int error{0};  // an errno known at once (ENETUNREACH, ECONNREFUSED), 0 = under way or done
};
[[nodiscard]] Result<Connecting> connect_to(const Address& address, const Options& options);

/// Sets those of `options` on `fd` that an accepted socket has, too. Errors: io with the option's name
/// ("congestion 'x': no such file or directory").
[[nodiscard]] Result<void> apply(const Options& options, int fd);
/// The same for a socket that had others: what `options` leave open becomes what a new socket has. Errors: as
/// of `apply`; some of them may be set then.
[[nodiscard]] Result<void> apply_anew(const Options& options, int fd);
void set_nodelay(int fd);
/// The next close(2) sends RST and throws unsent bytes away.
void set_abort_on_close(int fd);
/// SO_ERROR, which reading clears.
[[nodiscard]] int take_error(int fd);
/// Bytes sent and not yet acknowledged by the peer, and those not yet sent (SIOCOUTQ).
[[nodiscard]] std::size_t unacknowledged(int fd);
/// Those alone that were not yet sent, where a FIN counts as one (SIOCOUTQNSD).
[[nodiscard]] std::size_t unsent(int fd);

[[nodiscard]] Address local_address(int fd);
[[nodiscard]] Address remote_address(int fd);
[[nodiscard]] bool is_resource_shortage(int error_number);

}  // namespace tcpctl::tcp
