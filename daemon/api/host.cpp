// SPDX-License-Identifier: Apache-2.0
#include "api/host.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace tcpctl::api {
namespace {

constexpr std::uint32_t kLoopbackNet = 127;

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Splits "HOST:PORT"; the port is empty if there is none. Nothing if malformed.
std::optional<std::pair<std::string_view, std::string_view>> split_port(std::string_view host) {
  const bool bracketed = host.starts_with('[');
  const auto name_end = bracketed ? host.find(']') : host.find(':');
  if (bracketed && name_end == std::string_view::npos) return std::nullopt;
  const auto name = host.substr(0, bracketed ? name_end + 1 : name_end);
  const auto rest = host.substr(name.size());
  if (name.empty()) return std::nullopt;
  if (rest.empty()) return std::pair{name, rest};
  if (rest.front() != ':' || !is_port(rest.substr(1))) return std::nullopt;
  return std::pair{name, rest.substr(1)};
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string result{text};
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return result;
}

std::optional<std::string> host_name(std::string_view host) {
  const auto parts = split_port(host);
  if (!parts) return std::nullopt;
  auto name = parts->first;
  if (name.starts_with('[')) name = name.substr(1, name.size() - 2);
  return lower_case(name);
}

bool is_loopback_name(const std::string& name) {
  if (name == "localhost") return true;
  in_addr v4{};
  if (::inet_pton(AF_INET, name.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == kLoopbackNet;
  in6_addr v6{};
  return ::inet_pton(AF_INET6, name.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool is_ip_literal(const std::string& name) {
  in6_addr any{};
  return ::inet_pton(AF_INET, name.c_str(), &any) == 1 || ::inet_pton(AF_INET6, name.c_str(), &any) == 1;
}

bool is_same_origin(std::string_view origin, std::string_view host) {
  const auto scheme_end = origin.find("://");
  if (scheme_end == std::string_view::npos) return false;
  const auto scheme = lower_case(origin.substr(0, scheme_end));
  if (scheme != "http" && scheme != "https") return false;
  const auto theirs = split_port(origin.substr(scheme_end + 3));
  const auto ours = split_port(host);
  if (!theirs || !ours) return false;
  const auto fallback = std::string_view{scheme == "http" ? "80" : "443"};
  const auto port = [&](std::string_view written) { return written.empty() ? fallback : written; };
  return lower_case(theirs->first) == lower_case(ours->first) && port(theirs->second) == port(ours->second);
}

}  // namespace tcpctl::api
