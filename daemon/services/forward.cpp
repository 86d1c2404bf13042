// SPDX-License-Identifier: Apache-2.0
// forward - passes bytes to an upstream and back. Only its options are here: a listener joins the two
// connections itself, so that the data need not pass a service.
#include "services/forward.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "services/registry.hpp"

namespace tcpctl {
namespace {

using config::KeyType;
using config::Mistake;
using config::OptionReader;

constexpr std::array kKeys{
    config::Key{.path = "upstreams[]",
                .type = KeyType::connect_address,
                .required = true,
                .help = "Where to connect to: an address, or a table with name and address"},
    config::Key{.path = "upstreams[].name",
                .type = KeyType::name,
                .help = "Name of the upstream; default u1, u2 … by its place"},
    config::Key{.path = "upstreams[].address",
                .type = KeyType::connect_address,
                .required = true,
                .help = "Address of the upstream"},
    config::Key{.path = "balance",
                .type = KeyType::choice,
                .fallback = "round_robin",
                .choices = "round_robin",
                .help = "In which order upstreams are chosen"},
    config::Key{.path = "connect_timeout",
                .type = KeyType::duration,
                .fallback = "5s",
                .min = 1'000'000,
                .help = "How long one upstream has to accept a connection"},
    config::Key{.path = "retries",
                .type = KeyType::integer,
                .fallback = "2",
                .max = 100,
                .help = "How many further attempts follow one that failed"},
    config::Key{.path = "half_close",
                .type = KeyType::boolean,
                .fallback = "true",
                .help = "Pass the FIN of one side on and keep the other direction open"},
    config::Key{.path = "zero_copy",
                .type = KeyType::boolean,
                .fallback = "true",
                .help = "Move what flows in bulk by splice(2), past the daemon's memory"},
    config::Key{.path = "proxy_protocol.accept_from",
                .type = KeyType::network,
                .list = true,
                .help = "The same as proxy_protocol.accept_from of the listener; say it at one place"},
    config::Key{
        .path = "proxy_protocol.send",
        .type = KeyType::choice,
        .choices = "v1|v2",
        .help = "Tell upstreams whose connection it is, by a PROXY header of this version; default off"},
};

ProxyVersion version_of(const std::string& text) {
  if (text.empty()) return ProxyVersion::none;
  return text == "v1" ? ProxyVersion::v1 : ProxyVersion::v2;
}

tl::expected<ForwardOptions::Upstream, Mistake> read_upstream(const OptionReader& element,
                                                              std::size_t place) {
  const auto scalar = element.scalar();
  const auto address = parse_connect_address(scalar ? *scalar : element.text("address"));
  if (!address) return tl::make_unexpected(element.mistake("address", address.error().what));
  const auto name = scalar ? std::nullopt : element.maybe_text("name");
  return ForwardOptions::Upstream{name.value_or(fmt::format("u{}", place)), *address};
}

}  // namespace

tl::expected<ForwardOptions, Mistake> forward_options(const OptionReader& options) {
  ForwardOptions result{.upstreams = {},
                        .balance = Balance::round_robin,
                        .connect_timeout = options.duration("connect_timeout"),
                        .retries = static_cast<std::uint32_t>(options.integer("retries")),
                        .half_close = options.boolean("half_close"),
                        .zero_copy = options.boolean("zero_copy"),
                        .accept_from = {},
                        .send_proxy = version_of(options.text("proxy_protocol.send"))};
  for (const auto& text : options.texts("proxy_protocol.accept_from")) {
    if (auto network = parse_network(text)) result.accept_from.push_back(*std::move(network));
  }
  for (const auto& element : options.elements("upstreams")) {
    auto upstream = read_upstream(element, result.upstreams.size() + 1);
    if (!upstream) return tl::make_unexpected(std::move(upstream).error());
    if (std::ranges::find(result.upstreams, upstream->name, &ForwardOptions::Upstream::name) !=
        result.upstreams.end()) {
      return tl::make_unexpected(
          element.mistake("name", fmt::format("two upstreams are called '{}'", upstream->name)));
    }
    result.upstreams.push_back(*std::move(upstream));
  }
  if (result.upstreams.empty()) {
    return tl::make_unexpected(
        options.mistake("upstreams", "no upstream; write upstreams = [\"HOST:PORT\"]"));
  }
  return result;
}

ServiceKind forward_service() {
  return {.name = "forward", .help = "Passes bytes to an upstream and back", .keys = kKeys, .make = nullptr};
}

}  // namespace tcpctl
