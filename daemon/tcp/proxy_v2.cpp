// SPDX-License-Identifier: Apache-2.0
#include "tcp/proxy_v2.hpp"

#include <array>
#include <cstring>
#include <vector>

#include <fmt/format.h>
#include <netinet/in.h>

#include "tcp/crc32c.hpp"
#include "tcp/proxy_format.hpp"

namespace tcpctl::tcp::proxy {
namespace {

tl::unexpected<Error> refuse(std::string what) {
  return fail(Errc::invalid_argument, "v2: " + std::move(what));
}

std::uint8_t byte_at(ByteView bytes, std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); }

std::uint16_t number_at(ByteView bytes, std::size_t at) {
  return static_cast<std::uint16_t>(byte_at(bytes, at) << 8 | byte_at(bytes, at + 1));
}

std::uint32_t crc_at(ByteView bytes, std::size_t at) {
  return static_cast<std::uint32_t>(number_at(bytes, at)) << 16 | number_at(bytes, at + 2);
}

/// The two hosts, then the two ports.
template <class Host>
void read_ends(ByteView block, ProxyHeader& header) {
  Host source{};
  Host destination{};
  std::memcpy(&source, block.data(), sizeof source);
  std::memcpy(&destination, &block[sizeof source], sizeof destination);
  header.source = Address::from(source, number_at(block, 2 * sizeof source));
  header.destination = Address::from(destination, number_at(block, 2 * sizeof source + 2));
}

/// A path without a NUL at its end fills its field; one that begins with a NUL is abstract or nameless.
Address unix_end(ByteView field) {
  sockaddr_storage storage{};
  storage.ss_family = AF_UNIX;
  const auto text = as_text(field);
  const auto used = text.find_last_not_of('\0') + 1;  // 0 where there is none
  std::memcpy(reinterpret_cast<char*>(&storage) + sizeof storage.ss_family, field.data(), field.size());
  return Address::from(storage, static_cast<socklen_t>(sizeof storage.ss_family + used));
}

struct Block {
  Family family;
  std::size_t size;
  std::string_view name;
};
constexpr std::array kBlocks{Block{unspec_family, 0, "UNSPEC"}, Block{inet, kInetBytes, "IPv4"},
                             Block{inet6, kInet6Bytes, "IPv6"},
                             Block{unix_family, 2 * kUnixPathBytes, "Unix"}};

struct Tlv {
  std::uint8_t type;
  std::size_t value;  // where it begins in the header
  std::size_t length;
};

/// The type-length-values from `at` to the end of the header.
Result<std::vector<Tlv>> split_tlvs(ByteView header, std::size_t at) {
  std::vector<Tlv> tlvs;
  while (at < header.size()) {
    const std::size_t left = header.size() - at;
    if (left < kTlvPrefixBytes) return refuse(fmt::format("byte {}: a TLV of {} bytes is cut", at, left));
    const Tlv tlv{byte_at(header, at), at + kTlvPrefixBytes, number_at(header, at + 1)};
    if (tlv.length > header.size() - tlv.value) {
      return refuse(fmt::format("byte {}: TLV {:#04x} has {} bytes, {} are left", at, tlv.type, tlv.length,
                                header.size() - tlv.value));
    }
    tlvs.push_back(tlv);
    at = tlv.value + tlv.length;
  }
  return tlvs;
}

/// The checksum is of the whole header, with zeros in its own place.
Result<void> verify(ByteView header, const Tlv& tlv) {
  if (tlv.length != kCrcBytes) return refuse(fmt::format("CRC32C has {} bytes instead of 4", tlv.length));
  constexpr std::array<char, kCrcBytes> kZero{};
  auto crc = crc32c(header.first(tlv.value));
  crc = crc32c(kZero, crc);
  crc = crc32c(header.subspan(tlv.value + kCrcBytes), crc);
  if (crc == crc_at(header, tlv.value)) return {};
  return refuse(fmt::format("CRC32C is {:08x}, the bytes have {:08x}", crc_at(header, tlv.value), crc));
}

Result<void> apply_tlvs(ByteView header, const std::vector<Tlv>& tlvs, ProxyHeader& result) {
  for (const Tlv& tlv : tlvs) {
    if (tlv.type == kCrc32c) {
      if (auto verified = verify(header, tlv); !verified) return verified;
    } else if (tlv.type == kUniqueId) {
      if (tlv.length > kMostUniqueId)
        return refuse(fmt::format("UNIQUE_ID has {} bytes, above {}", tlv.length, kMostUniqueId));
      result.unique_id = as_text(header.subspan(tlv.value, tlv.length));
    }
  }
  return {};
}

void read_addresses(Family family, ByteView block, ProxyHeader& result) {
  if (family == inet) read_ends<in_addr>(block, result);
  if (family == inet6) read_ends<in6_addr>(block, result);
  if (family == unix_family) {
    result.source = unix_end(block.first(kUnixPathBytes));
    result.destination = unix_end(block.subspan(kUnixPathBytes));
  }
}

/// Everything behind the fixed part.
Result<ProxyHeader> read_block(ByteView header) {
  const std::uint8_t what = byte_at(header, 13);
  const unsigned family = what >> 4U;
  const unsigned transport = what & 0xFU;
  if (family > unix_family) return refuse(fmt::format("address family {} is none of 0 to 3", family));
  if (transport > datagram) return refuse(fmt::format("transport {} is none of 0 to 2", transport));
  const Block& block = kBlocks.at(family);
  const bool is_unspecified = family == unspec_family || transport == unspec_transport;
  const std::size_t tlvs_at = kProxyPrefixBytes + block.size;
  ProxyHeader result;
  if (header.size() < tlvs_at) {
    if (is_unspecified) return result;
    return refuse(fmt::format("{} bytes are too few for two {} addresses", header.size() - kProxyPrefixBytes,
                              block.name));
  }
  const auto tlvs = split_tlvs(header, tlvs_at);
  if (!tlvs) {
    // Unspecified, the block may be anything, and its length is all there is to know.
    if (is_unspecified) return result;
    return tl::make_unexpected(tlvs.error());
  }
  if (auto applied = apply_tlvs(header, *tlvs, result); !applied)
    return tl::make_unexpected(std::move(applied).error());
  // The ends of a datagram are none of a stream's.
  if (transport == stream)
    read_addresses(block.family, header.subspan(kProxyPrefixBytes, block.size), result);
  return result;
}

}  // namespace

Result<std::optional<ParsedProxyHeader>> parse_v2(ByteView bytes, std::size_t most) {
  if (bytes.size() <= kSignature.size()) return std::nullopt;
  const std::uint8_t what = byte_at(bytes, kSignature.size());
  const auto command = static_cast<std::uint8_t>(what & 0xF);
  if ((what & 0xF0) != kVersion) return refuse(fmt::format("version {} instead of 2", what >> 4));
  if (command > kProxy) return refuse(fmt::format("command {} is neither LOCAL nor PROXY", command));
  if (bytes.size() < kProxyPrefixBytes) return std::nullopt;
  const std::size_t size = kProxyPrefixBytes + number_at(bytes, 14);
  if (size > most) return refuse(fmt::format("oversized: {} bytes, {} are allowed", size, most));
  if (bytes.size() < size) return std::nullopt;
  if (command == kLocal) return ParsedProxyHeader{size, {true, {}, {}, {}}};
  auto header = read_block(bytes.first(size));
  if (!header) return tl::make_unexpected(std::move(header).error());
  return ParsedProxyHeader{size, *std::move(header)};
}

}  // namespace tcpctl::tcp::proxy
