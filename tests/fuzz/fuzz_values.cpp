// SPDX-License-Identifier: Apache-2.0
// Durations, sizes, rates, addresses and networks: what is taken has a text that is taken as the same.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/address.hpp"
#include "base/text.hpp"
#include "base/units.hpp"

namespace {

using namespace tcpctl;

void require(bool holds) {
  if (!holds) std::abort();
}

/// A text that was refused must say why in one bounded line.
template <class Parsed>
void require_line(const Parsed& parsed) {
  if (parsed) return;
  require(!parsed.error().what.empty() && parsed.error().what.size() < 2048);
  require(parsed.error().what.find('\n') == std::string::npos);
}

template <class Parse, class Text>
void require_agreement(std::string_view input, Parse parse, Text text) {
  const auto parsed = parse(input);
  require_line(parsed);
  if (!parsed) return;
  const auto again = parse(text(*parsed));
  require(again && *again == *parsed);
}

void units(std::string_view input) {
  require_agreement(input, parse_duration, duration_text);
  require_agreement(input, parse_size, size_text);
  require_agreement(input, parse_byte_rate, [](Bytes rate) { return size_text(rate) + "/s"; });
  const auto rate = parse_rate(input);
  require_line(rate);
  require(!rate || (std::isfinite(*rate) && *rate > 0));
}

void addresses(std::string_view input) {
  const auto text = [](const auto& address) { return address.text(); };
  require_agreement(input, parse_ip_port, text);
  require_agreement(input, parse_listen_address, text);
  require_agreement(input, parse_connect_address, text);
  require_agreement(input, parse_network, text);
  if (const auto address = parse_ip_port(input)) {
    sockaddr_storage storage{};
    const auto length = address->to(storage);
    require(Address::from(storage, length) == *address);
    const auto host = parse_network(address->host());
    require(!host || host->contains(*address));
  }
}

void texts(std::string_view input) {
  const auto shown = escaped(as_bytes(input), 64);
  require(shown.size() <= 4 * 64 + 3);
  for (const char c : shown) require(c >= ' ' && c <= '~');
  if (const auto bytes = from_hex(input)) require(bytes->size() <= input.size() / 2);
  const auto near = nearest(input, {"listen", "service"});
  require(!near || *near == "listen" || *near == "service");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  units(input);
  addresses(input);
  texts(input);
  return 0;
}
