// SPDX-License-Identifier: Apache-2.0
// The PROXY protocol's headers. Input: what a peer sends. However it is cut, the answer is the same one, and
// what was read is read again from the headers that are written of it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "tcp/proxy_protocol.hpp"

namespace {

using namespace tcpctl;

constexpr std::size_t kMost = 536;

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_ip(const Address& address) { return address.family() == AF_INET || address.family() == AF_INET6; }

void require_same(const std::string& written, const tcp::ProxyHeader& header) {
  const auto again = tcp::parse_proxy_header(as_bytes(written), kMost);
  require(again && *again && (*again)->size == written.size());
  require((*again)->header.source == header.source);
  require((*again)->header.destination == header.destination);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes{reinterpret_cast<const char*>(data), size};
  const auto parsed = tcp::parse_proxy_header(bytes, kMost);

  // Nothing for a while, then for good either a header of one size, or a refusal.
  bool was_decided = false;
  for (std::size_t cut = 0; cut <= size; ++cut) {
    const auto part = tcp::parse_proxy_header(bytes.first(cut), kMost);
    const bool is_decided = !part || part->has_value();
    require(is_decided || !was_decided);
    was_decided = is_decided;
    if (!is_decided) continue;
    require(part.has_value() == parsed.has_value());
    if (part) require((*part)->size == (*parsed)->size && (*part)->size <= cut);
  }
  if (!parsed || !*parsed) return 0;

  const tcp::ProxyHeader& header = (*parsed)->header;
  require((*parsed)->size <= kMost && header.unique_id.size() <= 128);
  require(!header.is_local || (header.source == Address{} && header.unique_id.empty()));
  if (!is_ip(header.source)) return 0;
  require_same(tcp::proxy_header_v1(header.source, header.destination), header);
  require_same(tcp::proxy_header_v2(header.source, header.destination, header.unique_id), header);
  return 0;
}
