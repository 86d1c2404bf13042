// SPDX-License-Identifier: Apache-2.0
#include "ctl/trace/traced.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "ctl/connect/target.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl::trace {
namespace {

/// "2-1417", which may be a name as well.
bool may_be_id(std::string_view text) {
  const auto dash = text.find('-');
  const auto is_number = [](std::string_view part) {
    return !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
  };
  return dash != std::string_view::npos && is_number(text.substr(0, dash)) &&
         is_number(text.substr(dash + 1));
}

void add_unique(std::vector<Address>& addresses, const std::optional<Address>& address) {
  if (address && std::ranges::find(addresses, *address) == addresses.end()) addresses.push_back(*address);
}

/// Nothing where there is no such object.
Answer<std::optional<Json>> look_for(const Context& context, const std::string& path) {
  auto answer = context.get(path);
  if (answer) return std::optional{std::move(*answer)};
  if (answer.error().exit == Exit::not_found) return std::nullopt;
  return tl::make_unexpected(answer.error());
}

std::optional<Scope::Pair> pair_of(const Json& connection) {
  const auto local = tcp_address(connection.text("local").value_or(""));
  const auto remote = tcp_address(connection.text("remote").value_or(""));
  if (!local || !remote) return std::nullopt;
  return Scope::Pair{*local, *remote, connection.text("direction") != "outbound"};
}

Answer<Traced> of_connection(const Context& context, const std::string& id, Json connection) {
  if (connection.at("close").is_object())
    return refuse(Exit::failed,
                  fmt::format("connection {} has ended; 'tcpctl history show {}' tells of it", id, id));
  const auto pair = pair_of(connection);
  if (!pair) return refuse(Exit::failed, fmt::format("connection {} is not TCP: no packets pass", id));
  Traced traced{.kind = Traced::Kind::connection, .text = id};
  const auto peer = context.other_leg(connection);
  const auto other = peer ? pair_of(*peer) : std::nullopt;
  traced.scope.pairs.push_back(*pair);
  const auto text = [](const Address& address) { return address.text(); };
  if (other && pair->inbound != other->inbound) {
    const auto& inbound = pair->inbound ? *pair : *other;
    const auto& outbound = pair->inbound ? *other : *pair;
    traced.scope.pairs.push_back(*other);
    traced.lifelines = {"client", "tcpctl", "upstream"};
    traced.addresses = {text(inbound.remote), "", text(outbound.remote)};
  } else if (pair->inbound) {
    traced.lifelines = {"client", "tcpctl"};
    traced.addresses = {text(pair->remote), text(pair->local)};
  } else {
    traced.lifelines = {"tcpctl", connection.text("client") ? "server" : "upstream"};
    traced.addresses = {text(pair->local), text(pair->remote)};
  }
  traced.connection = std::move(connection);
  traced.peer = peer;
  return traced;
}

/// Where a listener accepts, and where its sessions go.
Answer<void> add_listener(const Context& context, const std::string& path, const Json& listener,
                          Scope& scope) {
  for (const auto& address : listener.items("addresses"))
    add_unique(scope.accepting, tcp_address(address.text("bound").value_or("")));
  if (listener.text("service") != "forward") return {};
  const auto upstreams = context.get(path + "/upstreams");
  if (!upstreams) return tl::make_unexpected(upstreams.error());
  for (const auto& upstream : upstreams->items("items")) {
    add_unique(scope.connecting, tcp_address(upstream.text("address").value_or("")));
    for (const auto& each : upstream.items("resolved"))
      add_unique(scope.connecting, tcp_address(each.text().value_or("")));
  }
  return {};
}

/// Where a client connects to, and its connections, which may be with addresses that its name had before.
Answer<void> add_client(const Context& context, const std::string& name, const Json& client, Scope& scope) {
  add_unique(scope.connecting, tcp_address(client.text("address").value_or("")));
  for (const auto& each : client.items("resolved"))
    add_unique(scope.connecting, tcp_address(each.text().value_or("")));
  const auto rows = context.get("/v1/connections" + Query{}.add("client", name).add("limit", "1000").text());
  if (!rows) return tl::make_unexpected(rows.error());
  for (const auto& row : rows->items("items")) {
    const auto pair = pair_of(row);
    if (pair && std::ranges::find(scope.connecting, pair->remote) == scope.connecting.end())
      scope.pairs.push_back(*pair);
  }
  return {};
}

Answer<Traced> of_object(const Context& context, const std::string& name) {
  const auto listener_path = "/v1/listeners/" + percent_encoded(name);
  const auto listener = look_for(context, listener_path);
  if (!listener) return tl::make_unexpected(listener.error());
  const auto client = look_for(context, "/v1/clients/" + percent_encoded(name));
  if (!client) return tl::make_unexpected(client.error());
  if (!*listener && !*client)
    return refuse(Exit::not_found, fmt::format("there is no listener, client or open connection '{}'; see "
                                               "'tcpctl listener', 'tcpctl client' and 'tcpctl conn'",
                                               safe(name)));
  Traced traced{.kind = Traced::Kind::object, .text = name};
  traced.is_listener = listener->has_value();
  traced.is_client = client->has_value();
  auto added =
      traced.is_listener ? add_listener(context, listener_path, **listener, traced.scope) : Answer<void>{};
  if (added && traced.is_client) added = add_client(context, name, **client, traced.scope);
  if (!added) return tl::make_unexpected(added.error());
  if (traced.scope.empty())
    return refuse(Exit::failed, fmt::format("'{}' has no TCP address now: no packets pass", safe(name)));
  const bool accepts = !traced.scope.accepting.empty();
  const bool connects = !traced.scope.connecting.empty() || !traced.scope.pairs.empty();
  if (accepts) traced.lifelines.emplace_back("client");
  traced.lifelines.emplace_back("tcpctl");
  if (connects) traced.lifelines.emplace_back(traced.is_client ? "server" : "upstream");
  return traced;
}

Answer<Traced> of_address(const std::string& text) {
  const auto found = ctl::find_target(text, AF_UNSPEC);
  if (!found) return tl::make_unexpected(found.error());
  Traced traced{.kind = Traced::Kind::address, .text = text, .lifelines = {"client", "server"}};
  for (const auto& address : found->addresses) add_unique(traced.scope.given, unscoped(address));
  traced.scope.own = own_hosts();
  return traced;
}

}  // namespace

Answer<Traced> find_traced(const Context& context, const std::string& text) {
  if (text.find(':') != std::string::npos) return of_address(text);
  if (may_be_id(text)) {
    auto connection = look_for(context, "/v1/connections/" + percent_encoded(text));
    if (!connection) return tl::make_unexpected(connection.error());
    if (*connection) return of_connection(context, text, std::move(**connection));
  }
  return of_object(context, text);
}

}  // namespace tcpctl::ctl::trace
