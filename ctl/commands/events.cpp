// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "ctl/commands/registry.hpp"
#include "ctl/event_lines.hpp"
#include "ctl/filter.hpp"
#include "ctl/follow.hpp"

namespace tcpctl::ctl::commands {
namespace {

constexpr std::uint64_t kPage = 1000;  // the most that the API gives at once
constexpr std::uint64_t kLast = 100;
constexpr const char* kPath = "/v1/events";

/// Those behind the number `since`, in pages, up to the last one there is.
Exit list_since(Context& context, const Query& query, std::string since, std::uint64_t left) {
  const auto printer = row_printer(context.format(), event_columns(), context.view());
  while (left > 0 && context.heard()) {
    auto page = query;
    page.add("since", since).add("limit", std::to_string(std::min(left, kPage)));
    const auto answer = context.get(kPath + page.text());
    if (!answer) return context.fail(answer.error());
    const auto items = answer->items("items");
    const auto next = answer->count("next");
    const auto told = answer->count("since");
    if (const auto dropped = answer->count("dropped"); told && std::to_string(*told) != since) {
      warn_of_other_life(context, since, told);
    } else if (since != "0" && dropped.value_or(0) > 0) {
      context.warn(std::to_string(*dropped) + " events behind " + since +
                   " are missing: they are kept no longer");
    }
    context.print(printer->rows(items));
    left -= std::min<std::uint64_t>(left, items.size());
    if (items.empty() || !next || std::to_string(*next) == since) break;
    since = std::to_string(*next);
  }
  context.print(printer->end());
  return Exit::done;
}

Exit run(Context& context, const Arguments& arguments) {
  auto query = event_query(arguments);
  if (const auto types = arguments.get("--type")) query.add("type", *types);
  const auto limit = row_limit(arguments);
  if (!limit) return context.fail(limit.error());
  const auto since = arguments.get("--since");
  if (arguments.has("--follow")) {
    if (arguments.has("--limit")) return context.usage("--limit and --follow exclude each other");
    return follow(context, query, since);
  }
  if (since) return list_since(context, query, *since, *limit);
  const auto last = arguments.has("--limit") ? *limit : kLast;
  if (last > kPage) return context.usage("--limit: the last 1000 at most; for more write --since 0");
  return context.list(kPath, query, event_columns(), last);
}

}  // namespace

Noun events_noun() {
  auto options = event_filters();
  options.push_back(
      {"--type", "TYPE,...", "only of these types: opened, closed, refused, upstream_down ..."});
  options.push_back({"--since", "SEQ", "only those behind this number"});
  options.push_back({"--limit", "N", "only the last N, or with --since the first; default: the last 100"});
  options.push_back({"-f,--follow", "", "go on as they come, until interrupted"});
  return {"events",
          {"event"},
          "what happened, and what happens",
          {{"",
            "events of connections, upstreams, clients, limits and reloads; the newest come last",
            "tcpctl events -f --type closed,refused --listener web",
            {},
            options,
            run}}};
}

}  // namespace tcpctl::ctl::commands
