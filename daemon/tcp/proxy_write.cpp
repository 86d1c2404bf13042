// SPDX-License-Identifier: Apache-2.0
// The headers that this program sends.
#include <array>
#include <cassert>
#include <cstring>

#include <arpa/inet.h>
#include <fmt/format.h>

#include "tcp/crc32c.hpp"
#include "tcp/proxy_format.hpp"
#include "tcp/proxy_protocol.hpp"

namespace tcpctl::tcp {
namespace {

void append(std::string& to, std::uint16_t number) {
  to += static_cast<char>(number >> 8);
  to += static_cast<char>(number & 0xFF);
}

template <class Host>
void append_raw(std::string& to, const Host& host) {
  std::array<char, sizeof host> bytes{};
  std::memcpy(bytes.data(), &host, sizeof host);
  to.append(bytes.data(), bytes.size());
}

void append_tlv(std::string& to, std::uint8_t type, std::string_view value) {
  to += static_cast<char>(type);
  append(to, static_cast<std::uint16_t>(value.size()));
  to += value;
}

template <class Sockaddr>
Sockaddr as(const Address& address) {
  sockaddr_storage storage{};
  Sockaddr ip{};
  if (address.to(storage) == sizeof ip) std::memcpy(&ip, &storage, sizeof ip);
  return ip;
}

in_addr host4(const Address& address) { return as<sockaddr_in>(address).sin_addr; }

/// An IPv4 host as ::ffff:a.b.c.d: RFC 4291 section 2.5.5.2.
in6_addr host6(const Address& address) {
  in6_addr host{};
  if (address.family() == AF_INET) {
    host.s6_addr[10] = host.s6_addr[11] = 0xff;
    const in_addr v4 = host4(address);
    std::memcpy(&host.s6_addr[12], &v4, sizeof v4);
    return host;
  }
  return as<sockaddr_in6>(address).sin6_addr;
}

/// Eight groups in hex: the protocol knows no dots in an IPv6 address, which inet_ntop(3) writes at times.
std::string text6(const Address& address) {
  const in6_addr host = host6(address);
  std::string text;
  for (std::size_t i = 0; i < sizeof host.s6_addr; i += 2)
    text += fmt::format("{}{:x}", i == 0 ? "" : ":", host.s6_addr[i] << 8 | host.s6_addr[i + 1]);
  return text;
}

enum class Ends : std::uint8_t { unknown, both4, both6 };

Ends ends_of(const Address& source, const Address& destination) {
  const auto is_ip = [](const Address& end) { return end.family() == AF_INET || end.family() == AF_INET6; };
  if (!is_ip(source) || !is_ip(destination)) return Ends::unknown;
  return source.family() == AF_INET && destination.family() == AF_INET ? Ends::both4 : Ends::both6;
}

}  // namespace

std::string proxy_header_v1(const Address& source, const Address& destination) {
  switch (ends_of(source, destination)) {
    case Ends::unknown:
      break;
    case Ends::both4:
      return fmt::format("PROXY TCP4 {} {} {} {}\r\n", source.host(), destination.host(), source.port(),
                         destination.port());
    case Ends::both6:
      return fmt::format("PROXY TCP6 {} {} {} {}\r\n", text6(source), text6(destination), source.port(),
                         destination.port());
  }
  return "PROXY UNKNOWN\r\n";
}

std::string proxy_header_v2(const Address& source, const Address& destination, std::string_view unique_id) {
  assert(unique_id.size() <= proxy::kMostUniqueId);
  std::string header{proxy::kSignature};
  header += static_cast<char>(proxy::kVersion | proxy::kProxy);
  const Ends ends = ends_of(source, destination);
  const auto family = ends == Ends::both4   ? proxy::inet << 4 | proxy::stream
                      : ends == Ends::both6 ? proxy::inet6 << 4 | proxy::stream
                                            : 0;
  header += static_cast<char>(family);
  append(header, 0);  // the length, once it is known
  if (ends == Ends::both4) {
    append_raw(header, host4(source));
    append_raw(header, host4(destination));
  } else if (ends == Ends::both6) {
    append_raw(header, host6(source));
    append_raw(header, host6(destination));
  }
  if (ends != Ends::unknown) {
    append(header, source.port());
    append(header, destination.port());
  }
  if (!unique_id.empty()) append_tlv(header, proxy::kUniqueId, unique_id);
  append_tlv(header, proxy::kCrc32c, std::string(proxy::kCrcBytes, '\0'));
  const auto length = header.size() - kProxyPrefixBytes;
  header[kProxyPrefixBytes - 2] = static_cast<char>(length >> 8);
  header[kProxyPrefixBytes - 1] = static_cast<char>(length & 0xFF);
  const std::uint32_t crc = htonl(crc32c(as_bytes(header)));
  std::memcpy(&header[header.size() - proxy::kCrcBytes], &crc, sizeof crc);
  return header;
}

std::string proxy_header_local() {
  std::string header{proxy::kSignature};
  header += static_cast<char>(proxy::kVersion | proxy::kLocal);
  header.append(3, '\0');  // no family, no length
  return header;
}

}  // namespace tcpctl::tcp
