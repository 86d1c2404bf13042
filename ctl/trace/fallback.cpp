// SPDX-License-Identifier: Apache-2.0
#include "ctl/trace/fallback.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "ctl/connection_sheet.hpp"
#include "ctl/follow.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl::trace {
namespace {

/// The listener or client that has one of `addresses`, as a filter of events; nothing where there is none.
std::optional<Query> owner_of(const Context& context, const std::vector<Address>& addresses) {
  const auto has = [&](const std::vector<Json>& texts, std::string_view field) {
    return std::ranges::any_of(texts, [&](const Json& each) {
      const auto own = tcp_address(each.text(field).value_or(""));
      return own && std::ranges::any_of(addresses, [&](const Address& to) { return fits(*own, to); });
    });
  };
  struct Kind {
    std::string_view path, addresses, field, filter;
  };
  for (const auto& kind : {Kind{"/v1/listeners?limit=1000", "addresses", "bound", "listener"},
                           Kind{"/v1/clients?limit=1000", "resolved", "", "client"}}) {
    const auto rows = context.get(std::string{kind.path});
    for (const auto& row : rows ? rows->items("items") : std::vector<Json>{}) {
      if (has(row.items(kind.addresses), kind.field))
        return Query{}.add(kind.filter, row.text("name").value_or(""));
    }
  }
  return std::nullopt;
}

Query query_of(const Traced& traced) {
  Query query;
  query.add(traced.is_listener ? "listener" : "client", traced.text);
  return query;
}

}  // namespace

Exit fall_back(Context& context, const Wishes& wishes, const std::string& program) {
  const auto how = fmt::format(
      "no permission to capture packets; run it with sudo, or allow it for good: sudo setcap cap_net_raw+ep "
      "{}",
      safe(program));
  if (wishes.write || context.format() == Format::json) return context.fail({Exit::not_allowed, how});
  const auto traced = find_traced(context, wishes.target);
  if (!traced) {
    context.warn(how);
    return context.fail(traced.error());
  }
  switch (traced->kind) {
    case Traced::Kind::connection:
      context.warn(how + "; here is what the daemon saw");
      context.print(connection_sheet(*traced->connection, traced->peer, context.view()));
      return Exit::done;
    case Traced::Kind::object:
      context.warn(how + "; here are its events as the daemon sees them, until Ctrl-C");
      return follow(context, query_of(*traced));
    case Traced::Kind::address:
    case Traced::Kind::file:
      break;
  }
  const auto owner = owner_of(context, traced->scope.given);
  if (!owner) return context.fail({Exit::not_allowed, how});
  context.warn(how + "; here are its events as the daemon sees them, until Ctrl-C");
  return follow(context, *owner);
}

}  // namespace tcpctl::ctl::trace
