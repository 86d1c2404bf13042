// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "ctl/cells.hpp"
#include "ctl/columns.hpp"
#include "ctl/commands/registry.hpp"
#include "ctl/confirm.hpp"
#include "ctl/connection_sheet.hpp"
#include "ctl/each.hpp"
#include "ctl/filter.hpp"
#include "ctl/filter_words.hpp"
#include "ctl/follow.hpp"
#include "ctl/listing.hpp"
#include "ctl/terminal.hpp"
#include "ctl/wait_run.hpp"

namespace tcpctl::ctl::commands {
namespace {

std::string path_of(const std::string& id) { return "/v1/connections/" + percent_encoded(id); }

Exit list(Context& context, const Arguments& arguments) {
  return list_connections(context, arguments, "/v1/connections", connection_columns());
}

Exit show(Context& context, const Arguments& arguments) {
  const auto connection = context.get(path_of(arguments.word("ID")));
  if (!connection) return context.fail(connection.error());
  if (!context.for_people()) return context.object(*connection, connection_columns());
  context.print(connection_sheet(*connection, context.other_leg(*connection), context.view()));
  return Exit::done;
}

Exit watch(Context& context, const Arguments& arguments) {
  return follow(context, event_query(arguments).add("type", "opened,closed"));
}

std::string how_ended(const Arguments& arguments) { return arguments.has("--reset") ? "reset" : "graceful"; }

Exit kill_each(Context& context, const std::vector<std::string>& ids, const std::string& how) {
  const auto ended = with_each(
      context, ids,
      [&](const std::string& id) {
        Call call;
        call.method = "DELETE";
        call.path = path_of(id) + Query{}.add("how", how).text();
        return context.ask(call);
      },
      [&](const std::string& id, const Json&) {
        return id + ": " + (how == "reset" ? "reset" : "ending: FIN sent, waiting for the peer's");
      });
  if (context.format() == Format::json && !ended.answers.is_null())
    context.print(ended.answers.dump(2) + "\n");
  return ended.exit;
}

/// Asks before more than one are ended. Those of a filter come and go: it may be others that are.
Answer<void> confirm_kill(Context& context, const std::vector<std::string>& ids, Query query) {
  if (ids.size() == 1) return {};
  if (ids.size() > 1)
    return confirm(context, exact_text(ids.size()) + " connections are to be ended", "end them");
  const auto page = context.get("/v1/connections" + query.add("limit", "1").text());
  if (!page) return tl::make_unexpected(page.error());
  if (page->count("total").value_or(0) < 2) return {};
  return confirm(context, exact_count(*page, "total") + " connections match", "end them");
}

Exit kill_matching(Context& context, Query query, const std::string& how) {
  Call call;
  call.method = "DELETE";
  call.path = "/v1/connections" + query.add("how", how).text();
  const auto answer = context.ask(call);
  if (!answer) return context.fail(answer.error());
  const auto ended = answer->count("ended").value_or(0);
  if (ended == 0) return context.outcome(*answer, "no connection matches; none was ended");
  return context.outcome(*answer,
                         exact_text(ended) + (ended == 1 ? " connection " : " connections ") +
                             (how == "reset" ? "reset" : "ending: FIN sent, waiting for the peers'"));
}

/// Until `ids`, or all that match, have gone.
Exit wait_until_gone(Context& context, const Arguments& arguments, const std::vector<std::string>& ids,
                     const Query& query) {
  const auto most = wait_time(arguments);
  if (!most) return context.fail(most.error());
  Waiting waiting;
  waiting.label = "conn kill";
  waiting.afterwards = "they go on to end by themselves";
  waiting.state = [&]() -> Answer<Waiting::State> {
    std::uint64_t left = 0;
    if (ids.empty()) {
      auto one = query;
      const auto page = context.get("/v1/connections" + one.add("limit", "1").text());
      if (!page) return tl::make_unexpected(page.error());
      left = page->count("total").value_or(0);
    }
    for (const auto& id : ids) {
      const auto connection = context.get(path_of(id));
      if (!connection && connection.error().exit == Exit::not_found) continue;
      if (!connection) return tl::make_unexpected(connection.error());
      left += connection->at("close").is_null() ? 1 : 0;
    }
    return Waiting::State{left == 0, exact_text(left) + " left"};
  };
  const auto exit = wait_until_done(context, waiting, *most);
  if (exit == Exit::done && context.for_people()) context.print("all of them have ended\n");
  return exit;
}

Exit kill(Context& context, const Arguments& arguments) {
  const auto ids = arguments.all("ID");
  const auto query = filter_query(arguments);
  if (!query) return context.fail(query.error());
  const bool filtered = !query->text().empty();
  if (ids.empty() && !filtered) {
    return context.usage("which ones? write 'tcpctl conn kill ID...', or a filter such as --listener NAME");
  }
  if (!ids.empty() && filtered) return context.usage("an ID and a filter exclude each other");
  for (const auto& id : ids) {
    if (std::ranges::find(filter_keywords(), id) != filter_keywords().end())
      return context.usage(
          "'" + safe(id) +
          "' is no id such as 2-1417; a filter is written in options here: --state CLOSE-WAIT");
  }
  const auto how = how_ended(arguments);
  if (!arguments.has("--yes")) {
    if (auto agreed = confirm_kill(context, ids, *query); !agreed) return context.fail(agreed.error());
  }
  if (const auto most = wait_time(arguments); !most) return context.fail(most.error());
  const auto exit = ids.empty() ? kill_matching(context, *query, how) : kill_each(context, ids, how);
  if (exit != Exit::done || !arguments.has("--wait")) return exit;
  return wait_until_gone(context, arguments, ids, *query);
}

}  // namespace

Noun connection_noun() {
  auto kills = connection_filters();
  kills.insert(kills.begin(), {{"--reset", "", "with a RST at once; else FIN, and the peer's is waited for"},
                               {"--yes", "", "ask nothing; without a terminal needed for several"}});
  for (auto& option : wait_options("they have ended")) kills.push_back(std::move(option));
  return {"conn",
          {"conns", "connection", "connections"},
          "open connections",
          {{"list",
            "open connections, all or filtered",
            "tcpctl conn state ESTABLISHED listener web 'rtt>50ms' dst 10.0.0.0/8 --sort=-age",
            {filter_positional()},
            with_listing_options(connection_filters()),
            list,
            filter_keywords()},
           {"show",
            "all facts of one connection, open or just closed",
            "tcpctl conn show 2-1417",
            {{"ID", "the connection's id, as the list shows it"}},
            {},
            show},
           {"watch",
            "connections as they are opened and closed, until interrupted",
            "tcpctl conn watch --listener web",
            {},
            event_filters(),
            watch},
           {"kill",
            "end connections, by id or by filter",
            "tcpctl conn kill 2-1417 --reset",
            {{"ID", "ids; none with a filter", Positional::Count::any}},
            kills,
            kill}}};
}

}  // namespace tcpctl::ctl::commands
