// SPDX-License-Identifier: Apache-2.0
// forward - passes bytes to an upstream and back. Only its options are here: a listener joins the two
// connections itself, so that the data need not pass a service.
#include "services/forward.hpp"

#include <algorithm>
#include <array>
#include <tuple>

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
                .choices = "round_robin|least_connections|source_hash|random_two",
                .help =
                    "How an upstream is chosen: in turn by weight, the one with the fewest sessions for its "
                    "weight, by the client's address, the better of two drawn by weight"},
    config::Key{.path = "upstreams[].weight",
                .type = KeyType::integer,
                .fallback = "1",
                .max = 256,
                .help = "Its share of the sessions; 0 = no new ones"},
    config::Key{.path = "upstreams[].backup",
                .type = KeyType::boolean,
                .fallback = "false",
                .help = "Used only where no other upstream takes sessions"},
    config::Key{.path = "upstreams[].max_connections",
                .type = KeyType::integer,
                .min = 1,
                .help = "Sessions that it has at once, those being connected included; default no limit"},
    config::Key{
        .path = "upstreams[].state",
        .type = KeyType::choice,
        .fallback = "ready",
        .choices = "ready|drain|maint",
        .help = "drain = no new sessions; maint = no health checks either; what is set at run time wins"},
    config::Key{.path = "queue_timeout",
                .type = KeyType::duration,
                .min = 1'000'000,
                .help = "How long a session waits where all upstreams are full; default connect_timeout"},
    config::Key{.path = "health.interval",
                .type = KeyType::duration,
                .fallback = "2s",
                .min = 10'000'000,
                .help = "From the beginning of one health check of an upstream to that of the next"},
    config::Key{.path = "health.timeout",
                .type = KeyType::duration,
                .fallback = "1s",
                .min = 1'000'000,
                .help = "How long a check may take, its steps included"},
    config::Key{.path = "health.rise",
                .type = KeyType::integer,
                .fallback = "2",
                .min = 1,
                .max = 1000,
                .help = "Good checks in a row that bring an upstream back"},
    config::Key{.path = "health.fall",
                .type = KeyType::integer,
                .fallback = "3",
                .min = 1,
                .max = 1000,
                .help = "Bad checks in a row that take an upstream out"},
    config::Key{.path = "fail_after",
                .type = KeyType::integer,
                .min = 1,
                .max = 1'000'000,
                .help = "Sessions in a row that fail to connect, or are reset before the first byte of the "
                        "upstream, that take it out; default off"},
    config::Key{.path = "fail_for",
                .type = KeyType::duration,
                .fallback = "10s",
                .min = 1'000'000,
                .help = "How long fail_after takes an upstream out where nothing checks its health"},
    config::Key{.path = "on_down",
                .type = KeyType::choice,
                .fallback = "keep",
                .choices = "keep|close",
                .help = "What becomes of the sessions of an upstream that goes down"},
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

std::optional<ForwardOptions::Health> read_health(const OptionReader& options) {
  if (!options.has("health")) return std::nullopt;
  return ForwardOptions::Health{.interval = options.duration("health.interval"),
                                .timeout = options.duration("health.timeout"),
                                .rise = static_cast<std::uint32_t>(options.integer("health.rise")),
                                .fall = static_cast<std::uint32_t>(options.integer("health.fall"))};
}

tl::expected<ForwardOptions::Upstream, Mistake> read_upstream(const OptionReader& element,
                                                              std::size_t place) {
  const auto scalar = element.scalar();
  const auto address = parse_connect_address(scalar ? *scalar : element.text("address"));
  if (!address) return tl::make_unexpected(element.mistake("address", address.error().what));
  ForwardOptions::Upstream upstream{
      .name = fmt::format("u{}", place), .is_named = false, .address = *address};
  if (scalar) return upstream;
  if (auto name = element.maybe_text("name")) {
    upstream.name = *std::move(name);
    upstream.is_named = true;
  }
  upstream.weight = static_cast<std::uint32_t>(element.integer("weight"));
  upstream.backup = element.boolean("backup");
  if (const auto most = element.maybe_integer("max_connections"))
    upstream.max_connections = static_cast<std::uint64_t>(*most);
  upstream.state = element.text("state");
  return upstream;
}

/// Does `name` belong to a target of the service `upstream`: "u1-1", "u1-2" …?
bool is_target_of(const ForwardOptions::Upstream& upstream, std::string_view name) {
  const std::string prefix = upstream.name + "-";
  return upstream.address.kind == ConnectAddress::Kind::srv && name.size() > prefix.size() &&
         name.starts_with(prefix) &&
         name.find_first_not_of("0123456789", prefix.size()) == std::string_view::npos;
}

/// What is wrong with the name of `upstream` beside those before it; "" = nothing.
std::string clash(const std::vector<ForwardOptions::Upstream>& others,
                  const ForwardOptions::Upstream& upstream) {
  for (const auto& other : others) {
    if (other.name == upstream.name) return fmt::format("two upstreams are called '{}'", upstream.name);
    const bool is_first = is_target_of(upstream, other.name);
    if (!is_first && !is_target_of(other, upstream.name)) continue;
    const auto& [service, taken] = is_first ? std::tie(upstream, other) : std::tie(other, upstream);
    return fmt::format("'{}' is the name of a target of '{}', which is a service", taken.name, service.name);
  }
  return {};
}

}  // namespace

tl::expected<ForwardOptions, Mistake> forward_options(const OptionReader& options) {
  ForwardOptions result{
      .upstreams = {},
      .balance = options.text("balance"),
      .connect_timeout = options.duration("connect_timeout"),
      .queue_timeout = options.maybe_duration("queue_timeout").value_or(options.duration("connect_timeout")),
      .retries = static_cast<std::uint32_t>(options.integer("retries")),
      .half_close = options.boolean("half_close"),
      .zero_copy = options.boolean("zero_copy"),
      .accept_from = {},
      .send_proxy = version_of(options.text("proxy_protocol.send"))};
  for (const auto& text : options.texts("proxy_protocol.accept_from")) {
    if (auto network = parse_network(text)) result.accept_from.push_back(*std::move(network));
  }
  result.health = read_health(options);
  result.fail_after = static_cast<std::uint32_t>(options.maybe_integer("fail_after").value_or(0));
  result.fail_for = options.duration("fail_for");
  result.on_down = options.text("on_down");
  for (const auto& element : options.elements("upstreams")) {
    auto upstream = read_upstream(element, result.upstreams.size() + 1);
    if (!upstream) return tl::make_unexpected(std::move(upstream).error());
    if (const auto what = clash(result.upstreams, *upstream); !what.empty())
      return tl::make_unexpected(element.mistake("name", what));
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
