// SPDX-License-Identifier: Apache-2.0
// Which version a header has, and the lines of version 1.
#include "tcp/proxy_protocol.hpp"

#include <algorithm>
#include <array>

#include <arpa/inet.h>
#include <fmt/format.h>

#include "tcp/proxy_format.hpp"
#include "tcp/proxy_v2.hpp"

namespace tcpctl::tcp {
namespace {

constexpr std::string_view kUnknown{"UNKNOWN"};
constexpr std::string_view kEnd{"\r\n"};
constexpr std::size_t kShown = 48;  // bytes of a peer's that an error repeats

using Answer = Result<std::optional<ParsedProxyHeader>>;

std::string shown(std::string_view text) { return escaped(as_bytes(text), kShown); }

tl::unexpected<Error> refuse(std::string what) {
  return fail(Errc::invalid_argument, "v1: " + std::move(what));
}

/// `text` begins as `wanted`, as far as it goes.
bool agrees(std::string_view text, std::string_view wanted) {
  const auto length = std::min(text.size(), wanted.size());
  return text.substr(0, length) == wanted.substr(0, length);
}

Result<std::uint16_t> port_of(std::string_view text) {
  const bool is_number = !text.empty() && text.size() <= 5 &&
                         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  if (!is_number) return refuse(fmt::format("port '{}' is no number from 0 to 65535", shown(text)));
  if (text.size() > 1 && text.front() == '0')
    return refuse(fmt::format("port '{}' has a leading zero", shown(text)));
  unsigned port = 0;
  for (const char c : text) port = port * 10 + static_cast<unsigned>(c - '0');
  if (port > 65535) return refuse(fmt::format("port '{}' is above 65535", shown(text)));
  return static_cast<std::uint16_t>(port);
}

Result<Address> address_of(bool is_v6, std::string_view host, std::uint16_t port) {
  const std::string text{host};
  const bool has_nul = text.find('\0') != std::string::npos;
  in_addr v4{};
  in6_addr v6{};
  if (is_v6 && !has_nul && ::inet_pton(AF_INET6, text.c_str(), &v6) == 1) return Address::from(v6, port);
  if (!is_v6 && !has_nul && ::inet_pton(AF_INET, text.c_str(), &v4) == 1) return Address::from(v4, port);
  return refuse(fmt::format("'{}' is no {} address", shown(host), is_v6 ? "IPv6" : "IPv4"));
}

/// "SOURCE DESTINATION SPORT DPORT", with one blank between them.
Result<ProxyHeader> ends_of(bool is_v6, std::string_view text) {
  std::array<std::string_view, 4> fields;
  for (auto& field : fields) {
    const auto blank = std::min(text.find(' '), text.size());
    const bool is_last = &field == &fields.back();
    if (is_last != (blank == text.size())) return refuse("expected 'SOURCE DESTINATION SPORT DPORT'");
    field = text.substr(0, blank);
    if (field.empty()) return refuse("exactly one blank stands between the fields");
    text.remove_prefix(is_last ? blank : blank + 1);
  }
  const auto source_port = port_of(fields[2]);
  if (!source_port) return tl::make_unexpected(source_port.error());
  const auto destination_port = port_of(fields[3]);
  if (!destination_port) return tl::make_unexpected(destination_port.error());
  auto source = address_of(is_v6, fields[0], *source_port);
  if (!source) return tl::make_unexpected(std::move(source).error());
  auto destination = address_of(is_v6, fields[1], *destination_port);
  if (!destination) return tl::make_unexpected(std::move(destination).error());
  return ProxyHeader{false, *std::move(source), *std::move(destination), {}};
}

/// Where the line ends for sure, or that it cannot end well any more: CR and LF never stand alone, except
/// that nothing is asked of what follows UNKNOWN.
Result<std::size_t> end_of(std::string_view line, bool is_unknown) {
  line = line.substr(0, kProxyLineBytes);
  const auto end = line.find(kEnd);
  const auto alone = is_unknown ? std::string_view::npos : line.find_first_of(kEnd);
  const bool may_grow = alone + 1 == line.size() && line.back() == '\r';
  if (alone != std::string_view::npos && alone != end && !may_grow)
    return refuse("the line ends with CR or LF alone, it has to be CRLF");
  if (end == std::string_view::npos && line.size() == kProxyLineBytes)
    return refuse(fmt::format("no CRLF in the first {} bytes", kProxyLineBytes));
  return end;
}

Answer parse_line(std::string_view line) {
  const auto rest = line.substr(proxy::kLine.size());
  const bool is_unknown = agrees(rest, kUnknown);
  if (!is_unknown && !agrees(rest, "TCP4 ") && !agrees(rest, "TCP6 "))
    return refuse(fmt::format("'{}' is none of TCP4, TCP6 and UNKNOWN", shown(rest)));
  const auto end = end_of(line, is_unknown);
  if (!end) return tl::make_unexpected(end.error());
  if (*end == std::string_view::npos) return std::nullopt;
  const std::size_t size = *end + kEnd.size();
  const auto body = rest.substr(0, *end - proxy::kLine.size());
  if (is_unknown) {
    const bool is_word = body == kUnknown || body.starts_with("UNKNOWN ");
    if (!is_word) return refuse(fmt::format("'{}' is none of TCP4, TCP6 and UNKNOWN", shown(body)));
    return ParsedProxyHeader{size, {}};
  }
  auto header = ends_of(body.starts_with("TCP6"), body.substr(5));
  if (!header) return tl::make_unexpected(std::move(header).error());
  return ParsedProxyHeader{size, *std::move(header)};
}

}  // namespace

Result<std::optional<ParsedProxyHeader>> parse_proxy_header(ByteView bytes, std::size_t most) {
  const auto text = as_text(bytes);
  if (agrees(text, proxy::kLine)) {
    if (text.size() < proxy::kLine.size()) return std::nullopt;
    return parse_line(text);
  }
  if (!agrees(text, proxy::kSignature)) {
    return fail(Errc::invalid_argument,
                fmt::format("neither a v1 nor a v2 header: it begins with '{}'", escaped(bytes, 16)));
  }
  return proxy::parse_v2(bytes, most);
}

}  // namespace tcpctl::tcp
