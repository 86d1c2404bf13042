// SPDX-License-Identifier: Apache-2.0
// The reader of server-sent events: however the bytes are cut, it tells the same, within its bounds.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "ctl/event_stream.hpp"

namespace {

using namespace tcpctl::ctl;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Told {
  std::string all, last_id;
  bool is_stream{true};
  friend bool operator==(const Told&, const Told&) = default;
};

Told read(std::string_view bytes, std::size_t piece) {
  Told told;
  EventStream stream{[&](const EventStream::Event& event) {
    require(!event.type.empty() && event.type.find_first_of("\r\n") == std::string::npos);
    require(event.data.size() <= EventStream::kLongest);
    told.all += event.type + '\0' + event.data + '\0';
  }};
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size())))
    told.is_stream = stream.feed(bytes.substr(0, piece));
  told.last_id = stream.last_id();
  require(told.last_id.find_first_of(std::string_view{"\r\n\0", 3}) == std::string::npos);
  require(!stream.retry() || stream.retry()->count() <= 60'000);
  return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const Told whole = read(bytes, SIZE_MAX);
  require(whole == read(bytes, 1));
  require(whole == read(bytes, 3));
  return 0;
}
