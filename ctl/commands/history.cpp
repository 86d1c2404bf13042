// SPDX-License-Identifier: Apache-2.0
#include "ctl/columns.hpp"
#include "ctl/commands/registry.hpp"
#include "ctl/connection_sheet.hpp"
#include "ctl/filter.hpp"

namespace tcpctl::ctl::commands {
namespace {

Exit list(Context& context, const Arguments& arguments) {
  const auto query = filter_query(arguments);
  if (!query) return context.fail(query.error());
  const auto limit = row_limit(arguments);
  if (!limit) return context.fail(limit.error());
  return context.list("/v1/history", *query, history_columns(), *limit);
}

Exit show(Context& context, const Arguments& arguments) {
  const auto connection = context.get("/v1/history/" + percent_encoded(arguments.word("ID")));
  if (!connection) return context.fail(connection.error());
  if (!context.for_people()) return context.object(*connection, history_columns());
  context.print(connection_sheet(*connection, context.other_leg(*connection), context.view()));
  return Exit::done;
}

}  // namespace

Noun history_noun() {
  auto options = history_filters();
  for (auto& option : paging_options()) options.push_back(std::move(option));
  return {"history",
          {},
          "connections that have ended, and why",
          {{"list",
            "ended connections, the last first",
            "tcpctl history --reason peer_rst --since 10m",
            {},
            options,
            list},
           {"show",
            "all facts of one ended connection",
            "tcpctl history show 2-1417",
            {{"ID", "the connection's id, as the list shows it"}},
            {},
            show}}};
}

}  // namespace tcpctl::ctl::commands
