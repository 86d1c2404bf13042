// SPDX-License-Identifier: Apache-2.0
// Captured frames: any bytes are a segment or none, and any segments are a connection.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ctl/trace/flows.hpp"
#include "ctl/trace/packet.hpp"

namespace {

using namespace tcpctl::ctl::trace;

constexpr std::size_t kFrames = 16;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

/// The kind of frame, then frames with their lengths before them.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input{reinterpret_cast<const char*>(data), size};
  if (input.empty()) return 0;
  const auto link = static_cast<Link>(data[0] % 5);
  input.remove_prefix(1);
  Scope scope;
  scope.any = true;
  Flows flows{scope};
  tcpctl::WallTime at{};
  for (std::size_t count = 0; count < kFrames && !input.empty(); ++count) {
    const auto length = static_cast<std::uint8_t>(input.front());
    input.remove_prefix(1);
    const auto frame = input.substr(0, length);
    input.remove_prefix(frame.size());
    const auto segment = decode(link, frame, length);
    if (!segment) continue;
    require(segment->payload.size() <= segment->length);
    require(segment->payload.size() <= frame.size());
    at += std::chrono::milliseconds{1};
    const auto found = flows.find(*segment, at);
    const auto place = found.connection.flow.take(*segment, found.from, at);
    require(place.from < 2);
    require(!flag_names(segment->flags).empty() || segment->flags == 0);
  }
  return 0;
}
