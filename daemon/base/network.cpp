// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include <arpa/inet.h>
#include <fmt/format.h>

#include "base/address.hpp"
#include "base/text.hpp"

namespace tcpctl {
namespace {

constexpr unsigned kMappedBits = 96;

tl::unexpected<Error> refuse(std::string_view text, std::string_view why) {
  return fail(Errc::invalid_argument, fmt::format("network '{}': {}", escaped(as_bytes(text), 64), why));
}

unsigned width(int family) { return family == AF_INET ? 32 : 128; }

/// The mask of byte `index` of a network of `length` bits.
std::uint8_t mask(unsigned length, unsigned index) {
  const unsigned before = index * 8;
  const unsigned bits = length <= before ? 0 : std::min(length - before, 8U);
  return static_cast<std::uint8_t>(0xff00U >> bits);
}

/// The number behind the slash; nothing if it is none or above `most`.
std::optional<unsigned> length_of(std::string_view digits, unsigned most) {
  if (digits.empty() || digits.size() > 3) return std::nullopt;
  unsigned value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  if (value > most) return std::nullopt;
  return value;
}

}  // namespace

bool Network::contains(const Address& address) const {
  if (address.family() != family_) return false;
  for (unsigned i = 0; i < width(family_) / 8; ++i) {
    if ((address.host_.at(i) & mask(length_, i)) != bits_[i]) return false;
  }
  return true;
}

std::string Network::text() const {
  std::array<char, INET6_ADDRSTRLEN> host{};
  ::inet_ntop(family_, &bits_[0], host.data(), host.size());
  return fmt::format("{}/{}", host.data(), length_);
}

Result<Network> parse_network(std::string_view text) {
  const auto slash = text.find('/');
  const std::string host{text.substr(0, slash)};
  Network network;
  if (host.find('\0') != std::string::npos)
    return refuse(text, "write an address and a length, like '10.0.0.0/8'");
  if (::inet_pton(AF_INET, host.c_str(), &network.bits_[0]) != 1) {
    network.family_ = AF_INET6;
    if (::inet_pton(AF_INET6, host.c_str(), &network.bits_[0]) != 1) {
      return refuse(text, "write an address and a length, like '10.0.0.0/8' or 'fd00::/8'");
    }
  }
  network.length_ = width(network.family_);
  if (slash != std::string_view::npos) {
    const auto length = length_of(text.substr(slash + 1), width(network.family_));
    if (!length) return refuse(text, fmt::format("the length is 0 to {}", width(network.family_)));
    network.length_ = *length;
  }
  Network cut = network;
  for (unsigned i = 0; i < sizeof cut.bits_; ++i) cut.bits_[i] &= mask(cut.length_, i);
  if (!(cut == network))
    return refuse(text, fmt::format("bits beyond the length are set, write '{}'", cut.text()));
  // Peers that come in as v4-mapped are IPv4 here, so their networks must be too.
  in6_addr first{};
  std::memcpy(&first, &network.bits_[0], sizeof first);
  if (network.family_ == AF_INET6 && network.length_ >= kMappedBits && IN6_IS_ADDR_V4MAPPED(&first)) {
    network.family_ = AF_INET;
    network.length_ -= kMappedBits;
    std::copy(&network.bits_[12], &network.bits_[16], &network.bits_[0]);
    std::fill(&network.bits_[4], &network.bits_[16], std::uint8_t{0});
  }
  return network;
}

}  // namespace tcpctl
