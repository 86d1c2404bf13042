// SPDX-License-Identifier: Apache-2.0
#include "ctl/columns.hpp"
#include "ctl/commands/registry.hpp"
#include "ctl/connection_sheet.hpp"
#include "ctl/filter.hpp"
#include "ctl/filter_words.hpp"
#include "ctl/listing.hpp"

namespace tcpctl::ctl::commands {
namespace {

Exit list(Context& context, const Arguments& arguments) {
  return list_connections(context, arguments, "/v1/history", history_columns());
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
  return {"history",
          {},
          "connections that have ended, and why",
          {{"list",
            "ended connections, the last first",
            "tcpctl history reason peer_rst since 10m listener web",
            {filter_positional()},
            with_listing_options(history_filters()),
            list,
            filter_keywords()},
           {"show",
            "all facts of one ended connection",
            "tcpctl history show 2-1417",
            {{"ID", "the connection's id, as the list shows it"}},
            {},
            show}}};
}

}  // namespace tcpctl::ctl::commands
