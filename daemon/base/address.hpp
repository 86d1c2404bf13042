// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/error.hpp"

namespace tcpctl {

/// The address of one end of a socket: IPv4, IPv6 (with scope) or a Unix path; empty if none.
///
/// v4-mapped IPv6 addresses become IPv4 when they come in, so one host has one text.
/// Threads: a plain value.
class Address {
 public:
  Address() = default;
  Address(const Address& other);
  Address(Address&& other) noexcept;
  Address& operator=(Address other) noexcept;
  ~Address();
  [[nodiscard]] static Address from(const sockaddr_storage& storage, socklen_t length);
  [[nodiscard]] static Address from(const in_addr& host, std::uint16_t port);
  [[nodiscard]] static Address from(const in6_addr& host, std::uint16_t port, std::uint32_t scope = 0);
  [[nodiscard]] static Address unix_path(std::string path);

  [[nodiscard]] int family() const;  // AF_INET, AF_INET6, AF_UNIX, AF_UNSPEC
  [[nodiscard]] bool is_unix() const { return kind_ == Kind::unix_path; }
  [[nodiscard]] std::uint16_t port() const;  // 0 where there is none
  /// 127.0.0.0/8 and ::1; a Unix path is none.
  [[nodiscard]] bool is_loopback() const;
  /// Host without port: "10.0.0.7", "fe80::1%eth0", the path.
  [[nodiscard]] std::string host() const;
  /// As users write it: "127.0.0.1:7000" "[::1]:7000" "unix:/run/x.sock"; a nameless Unix end is "unix:".
  [[nodiscard]] std::string text() const;
  /// Fills `storage` for bind(2) and connect(2) and answers its length. A path longer than sun_path was
  /// refused when it was parsed.
  [[nodiscard]] socklen_t to(sockaddr_storage& storage) const;

  /// Equal in host, port and family.
  friend bool operator==(const Address& left, const Address& right);
  /// The same host, whatever the port: what per-source limits count.
  [[nodiscard]] bool same_host(const Address& other) const;
  /// Equal for the same host alone, and hashable; nothing for a Unix path, which tells no host.
  using HostKey = std::pair<std::uint64_t, std::uint64_t>;
  [[nodiscard]] std::optional<HostKey> host_key() const;

 private:
  friend class Network;
  enum class Kind : std::uint8_t { none, ipv4, ipv6, unix_path };
  using Bytes = std::array<std::uint8_t, 16>;

  [[nodiscard]] in_addr ipv4() const;
  [[nodiscard]] in6_addr ipv6() const;
  void swap(Address& other) noexcept;

  // Each connection has one or two of these, so it is packed: 24 bytes.
  union {
    Bytes host_{};             // ipv4: the first four; in network order
    const std::string* path_;  // owned
  };
  std::uint32_t scope_{0};
  std::uint16_t port_{0};  // in the host's order
  Kind kind_{Kind::none};
};

/// Literal "127.0.0.1:7000" "[::1]:7000" "[fe80::1%eth0]:7000"; the port is 0 .. 65535.
[[nodiscard]] Result<Address> parse_ip_port(std::string_view text);

/// Where a listener listens: `literal`, "*:7000" (both families), "unix:/run/x.sock", "systemd:NAME".
struct ListenAddress {
  enum class Kind { literal, any, unix_path, systemd };
  Kind kind{Kind::literal};
  Address address;       // literal and unix_path
  std::uint16_t port{};  // any
  std::string name;      // systemd
  [[nodiscard]] std::string text() const;
  friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

/// Where a client or an upstream connects to: a literal, "unix:…", "host.example:7000",
/// "srv:_svc._tcp.example".
struct ConnectAddress {
  enum class Kind { literal, unix_path, host, srv };
  Kind kind{Kind::literal};
  Address address;       // literal and unix_path
  std::string name;      // host and srv
  std::uint16_t port{};  // host
  [[nodiscard]] std::string text() const;
  friend bool operator==(const ConnectAddress&, const ConnectAddress&) = default;
};

/// Errors: invalid_argument, with the text and what would be right: "address 'x': port missing, write
/// 'x:PORT'".
[[nodiscard]] Result<ListenAddress> parse_listen_address(std::string_view text);
[[nodiscard]] Result<ConnectAddress> parse_connect_address(std::string_view text);

/// A network "10.0.0.0/8" "::1/128", or one address without a length. Bits beyond the length must be 0.
class Network {
 public:
  [[nodiscard]] bool contains(const Address& address) const;
  [[nodiscard]] std::string text() const;
  friend bool operator==(const Network&, const Network&) = default;

 private:
  friend Result<Network> parse_network(std::string_view text);
  int family_{AF_INET};
  std::uint8_t bits_[16]{};
  unsigned length_{0};
};
[[nodiscard]] Result<Network> parse_network(std::string_view text);

}  // namespace tcpctl
