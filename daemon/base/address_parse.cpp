// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <optional>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <net/if.h>
#include <sys/un.h>

#include "base/address.hpp"
#include "base/text.hpp"

namespace tcpctl {
namespace {

constexpr std::string_view kUnix = "unix:";
constexpr std::string_view kSrv = "srv:";
constexpr std::string_view kSystemd = "systemd:";
constexpr std::size_t kLongestHost = 253;  // RFC 1035 section 2.3.4, less the root's dot and length
constexpr std::size_t kLongestLabel = 63;
constexpr std::size_t kLongestFdName = 255;  // sd_listen_fds_with_names(3)

std::string shown(std::string_view text) { return escaped(as_bytes(text), 128); }

tl::unexpected<Error> refuse(std::string_view text, std::string_view why) {
  return fail(Errc::invalid_argument, fmt::format("address '{}': {}", shown(text), why));
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// "host" and "port" of "host:port" and "[host]:port"; the brackets are taken off.
struct Split {
  std::string host;
  std::uint16_t port;
  bool bracketed;
};

std::optional<std::uint16_t> port_of(std::string_view text) {
  if (text.empty() || text.size() > 5 || !std::all_of(text.begin(), text.end(), is_digit))
    return std::nullopt;
  unsigned port = 0;
  for (const char c : text) port = port * 10 + static_cast<unsigned>(c - '0');
  if (port > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

/// `text` is a literal of `family`; the numbers are not asked for.
bool is_literal(int family, const std::string& text) {
  in6_addr scratch{};
  return text.find('\0') == std::string::npos && ::inet_pton(family, text.c_str(), &scratch) == 1;
}

Result<Split> split(std::string_view text) {
  if (text.empty()) return refuse(text, "empty, write 'HOST:PORT'");
  const bool bracketed = text.starts_with('[');
  const auto close = text.find(']');
  if (bracketed && close == std::string_view::npos) return refuse(text, "']' missing, write '[HOST]:PORT'");
  const std::string whole{text};
  if (!bracketed && is_literal(AF_INET6, whole)) {
    return refuse(text, fmt::format("IPv6 stands in brackets, with a port: '[{}]:PORT'", whole));
  }
  const auto colon = bracketed ? close + 1 : text.rfind(':');
  if (colon >= text.size()) return refuse(text, fmt::format("port missing, write '{}:PORT'", shown(text)));
  if (text[colon] != ':') return refuse(text, "write '[HOST]:PORT'");
  const auto port = port_of(text.substr(colon + 1));
  if (!port) return refuse(text, "the port is a number from 0 to 65535");
  const auto host = bracketed ? text.substr(1, close - 1) : text.substr(0, colon);
  if (host.empty()) return refuse(text, fmt::format("host missing, write 'HOST:{}'", *port));
  if (!bracketed && host.find(':') != std::string_view::npos) {
    return refuse(text, fmt::format("IPv6 stands in brackets: '[{}]:{}'", shown(host), *port));
  }
  return Split{std::string{host}, *port, bracketed};
}

/// The index of the interface behind '%', by name or number.
std::optional<std::uint32_t> scope_of(const std::string& name) {
  if (const unsigned index = ::if_nametoindex(name.c_str()); index != 0) return index;
  const auto number = port_of(name);  // interface indices are small numbers, as ports are
  if (!number || *number == 0) return std::nullopt;
  return *number;
}

Result<Address> ipv6(std::string_view text, const Split& parts) {
  const auto percent = parts.host.find('%');
  const auto host = parts.host.substr(0, percent);
  in6_addr ip{};
  if (!is_literal(AF_INET6, host)) return refuse(text, "no IPv6 address stands between the brackets");
  ::inet_pton(AF_INET6, host.c_str(), &ip);
  if (percent == std::string::npos) return Address::from(ip, parts.port);
  if (!IN6_IS_ADDR_LINKLOCAL(&ip))
    return refuse(text, "only link-local addresses (fe80::) name an interface");
  const auto name = parts.host.substr(percent + 1);
  const auto scope = scope_of(name);
  if (!scope) return refuse(text, fmt::format("no interface '{}' here, see `ip link`", shown(name)));
  return Address::from(ip, parts.port, *scope);
}

Result<Address> literal(std::string_view text, const Split& parts) {
  if (parts.bracketed) return ipv6(text, parts);
  in_addr ip{};
  if (!is_literal(AF_INET, parts.host)) {
    return refuse(text, "not an IP address, write it like '127.0.0.1:7000' or '[::1]:7000'");
  }
  ::inet_pton(AF_INET, parts.host.c_str(), &ip);
  return Address::from(ip, parts.port);
}

Result<Address> unix_path(std::string_view text) {
  const auto path = text.substr(kUnix.size());
  if (!path.starts_with('/')) return refuse(text, "write an absolute path, like 'unix:/run/x.sock'");
  if (path.find('\0') != std::string_view::npos) return refuse(text, "a path has no NUL");
  if (path.ends_with('/')) return refuse(text, "a folder cannot be a socket");
  constexpr auto longest = sizeof(sockaddr_un::sun_path) - 1;
  if (path.size() > longest) {
    return refuse(text, fmt::format("the path has {} bytes, {} are possible", path.size(), longest));
  }
  return Address::unix_path(std::string{path});
}

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > kLongestLabel || label.front() == '-' || label.back() == '-')
    return false;
  return std::all_of(label.begin(), label.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_'; });
}

/// RFC 1123 section 2.1, and the underscores that people do use; a last label of digits is a mistyped IPv4.
bool is_host(std::string_view host) {
  if (host.size() > kLongestHost) return false;
  std::string_view rest = host;
  while (true) {
    const auto dot = rest.find('.');
    const auto label = rest.substr(0, dot);
    if (!is_label(label)) return false;
    if (dot == std::string_view::npos) return !std::all_of(label.begin(), label.end(), is_digit);
    rest.remove_prefix(dot + 1);
  }
}

/// "_svc._tcp.example": RFC 2782.
bool is_srv(std::string_view name) {
  const auto dot = name.find("._");
  return name.starts_with('_') && dot != std::string_view::npos && is_host(name) &&
         name.find('.', dot + 1) != std::string_view::npos;
}

Result<ListenAddress> systemd_name(std::string_view text) {
  const auto name = text.substr(kSystemd.size());
  const bool good =
      !name.empty() && name.size() <= kLongestFdName &&
      std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c <= '~' && c != ':'; });
  if (!good) return refuse(text, "write the socket's FileDescriptorName=, like 'systemd:web'");
  return ListenAddress{ListenAddress::Kind::systemd, {}, 0, std::string{name}};
}

}  // namespace

Result<Address> parse_ip_port(std::string_view text) {
  return split(text).and_then([text](const Split& parts) { return literal(text, parts); });
}

Result<ListenAddress> parse_listen_address(std::string_view text) {
  if (text.starts_with(kSystemd)) return systemd_name(text);
  if (text.starts_with(kUnix)) {
    return unix_path(text).map(
        [](const Address& path) { return ListenAddress{ListenAddress::Kind::unix_path, path, 0, {}}; });
  }
  const auto parts = split(text);
  if (!parts) return tl::make_unexpected(parts.error());
  if (parts->host == "*" && !parts->bracketed) {
    return ListenAddress{ListenAddress::Kind::any, {}, parts->port, {}};
  }
  if (!parts->bracketed && !is_literal(AF_INET, parts->host)) {
    return refuse(text, "listening wants an IP address, like '127.0.0.1:7000', or '*:PORT' for all");
  }
  return literal(text, *parts).map([](const Address& ip) {
    return ListenAddress{ListenAddress::Kind::literal, ip, 0, {}};
  });
}

Result<ConnectAddress> parse_connect_address(std::string_view text) {
  using Kind = ConnectAddress::Kind;
  if (text.starts_with(kUnix)) {
    return unix_path(text).map(
        [](const Address& path) { return ConnectAddress{Kind::unix_path, path, {}, 0}; });
  }
  if (text.starts_with(kSrv)) {
    const auto name = text.substr(kSrv.size());
    if (!is_srv(name)) return refuse(text, "write a service's name, like 'srv:_svc._tcp.example'");
    return ConnectAddress{Kind::srv, {}, std::string{name}, 0};
  }
  const auto parts = split(text);
  if (!parts) return tl::make_unexpected(parts.error());
  if (parts->port == 0) return refuse(text, "nobody can be reached on port 0");
  if (parts->bracketed || is_literal(AF_INET, parts->host)) {
    return literal(text, *parts).map([](const Address& ip) {
      return ConnectAddress{Kind::literal, ip, {}, 0};
    });
  }
  if (!is_host(parts->host)) {
    return refuse(text, fmt::format("'{}' is neither an IP address nor a host's name", shown(parts->host)));
  }
  return ConnectAddress{Kind::host, {}, parts->host, parts->port};
}

}  // namespace tcpctl
