// SPDX-License-Identifier: Apache-2.0
#include "ctl/listing.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/units.hpp"
#include "ctl/filter.hpp"
#include "ctl/row_filter.hpp"
#include "ctl/terminal.hpp"
#include "ctl/watch.hpp"

namespace tcpctl::ctl {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kUsualInterval{2000};
constexpr milliseconds kShortestInterval{100};

Answer<milliseconds> interval(const std::string& text) {
  if (text == kSwitchedOn) return kUsualInterval;
  double seconds = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool is_number = error == std::errc{} && stop == text.data() + text.size();
  const auto duration =
      is_number && seconds > 0 && seconds < 1e6
          ? Result<Duration>{std::chrono::duration_cast<Duration>(std::chrono::duration<double>{seconds})}
          : parse_duration(text);
  if (!duration || *duration < kShortestInterval) {
    return refuse(Exit::usage,
                  fmt::format("--watch: '{}' is no interval of 100ms or more; write --watch=5 or "
                              "--watch=500ms",
                              safe(text)));
  }
  return std::chrono::duration_cast<milliseconds>(*duration);
}

std::vector<std::string> parts(const std::string& text) {
  std::vector<std::string> all;
  for (std::size_t from = 0; from <= text.size();) {
    const auto comma = std::min(text.find(',', from), text.size());
    if (comma > from) all.push_back(text.substr(from, comma - from));
    from = comma + 1;
  }
  return all;
}

}  // namespace

std::vector<Option> listing_options() {
  return {{"--sort", "COLUMN", "sorted by this column; '-COLUMN' descends: --sort=-in"},
          {"--filter", "COMPARISON", "only rows for which it holds: state=up, name~web, 'in>1MB'", true},
          {"--limit", "N", "only the first N; default: all"},
          {"--columns", "COLUMN,...", "these columns in this order: name,state,in"},
          {"--no-headers", "", "without the line of headings"},
          {"--watch", "[=SECONDS]", "print it anew every 2 or so many seconds, with what changed marked"}};
}

std::vector<Option> with_listing_options(std::vector<Option> options) {
  for (auto& option : listing_options()) {
    if (option.key() != "--filter") options.push_back(std::move(option));
  }
  return options;
}

Answer<Listing> read_listing(const Arguments& arguments) {
  Listing listing;
  listing.columns = parts(arguments.get("--columns").value_or(""));
  if (arguments.has("--columns") && listing.columns.empty())
    return refuse(Exit::usage, "--columns: no column is named; write --columns name,state");
  listing.headers = !arguments.has("--no-headers");
  listing.sort = arguments.get("--sort").value_or("");
  listing.filters = arguments.all("--filter");
  const auto limit = row_limit(arguments);
  if (!limit) return tl::make_unexpected(limit.error());
  listing.limit = *limit;
  if (const auto watch = arguments.get("--watch")) {
    const auto every = interval(*watch);
    if (!every) return tl::make_unexpected(every.error());
    listing.every = *every;
  }
  return listing;
}

Answer<std::vector<Column>> chosen_columns(std::vector<Column> columns, const Listing& listing) {
  if (listing.columns.empty()) return columns;
  std::vector<Column> chosen;
  for (const auto& name : listing.columns) {
    auto column = column_named(columns, name, "--columns");
    if (!column) return tl::make_unexpected(column.error());
    column->rank = 0;
    column->wide = false;
    chosen.push_back(*std::move(column));
  }
  return chosen;
}

Answer<std::vector<Json>> chosen_rows(std::vector<Json> rows, const std::vector<Column>& columns,
                                      const Listing& listing, const View& view) {
  for (const auto& text : listing.filters) {
    const auto filter = RowFilter::parse(text, columns);
    if (!filter) return tl::make_unexpected(filter.error());
    std::erase_if(rows, [&](const Json& row) { return !filter->keeps(row, view); });
  }
  if (!listing.sort.empty()) {
    if (auto sorted = sort_rows(rows, listing.sort, columns, view); !sorted)
      return tl::make_unexpected(sorted.error());
  }
  if (rows.size() > listing.limit) rows.resize(listing.limit);
  return rows;
}

Answer<std::vector<Json>> all_items(const Context& context, const std::string& path, const Query& query,
                                    std::uint64_t limit) {
  std::vector<Json> all;
  auto visited = context.pages(path, query, limit, [&](std::vector<Json> items) {
    std::move(items.begin(), items.end(), std::back_inserter(all));
    return true;
  });
  if (!visited) return tl::make_unexpected(visited.error());
  return all;
}

Answer<std::vector<Json>> short_list(const Context& context, const std::string& path) {
  const auto answer = context.get(path);
  if (!answer) return tl::make_unexpected(answer.error());
  return answer->items("items");
}

Exit print_list(Context& context, const std::vector<Column>& columns, const Listing& listing,
                const std::function<Answer<std::vector<Json>>()>& ask) {
  const auto chosen = chosen_columns(columns, listing);
  if (!chosen) return context.fail(chosen.error());
  // A mistake in what was written is told before anybody is asked.
  if (auto right = chosen_rows({}, columns, listing, context.view()); !right)
    return context.fail(right.error());
  const auto rows = [&]() -> Answer<std::vector<Json>> {
    auto asked = ask();
    if (!asked) return tl::make_unexpected(asked.error());
    return chosen_rows(*std::move(asked), columns, listing, context.view());
  };
  if (listing.every) return watch_rows(context, *chosen, listing, rows);
  const auto all = rows();
  if (!all) return context.fail(all.error());
  return context.rows(*all, *chosen, listing.headers);
}

Exit list_all(Context& context, const Arguments& arguments, const std::string& path,
              const std::vector<Column>& columns) {
  const auto listing = read_listing(arguments);
  if (!listing) return context.fail(listing.error());
  return print_list(context, columns, *listing, [&] { return all_items(context, path); });
}

Exit list_connections(Context& context, const Arguments& arguments, const std::string& path,
                      const std::vector<Column>& columns) {
  auto query = filter_query(arguments);
  if (!query) return context.fail(query.error());
  auto listing = read_listing(arguments);
  if (!listing) return context.fail(listing.error());
  listing->filters.clear();  // the daemon's business
  const auto order = order_of_daemon(listing->sort);
  if (order) {
    query->add("sort", *order);
    listing->sort.clear();
  }
  // What the daemon has put in order is printed as it comes: there may be many.
  if (listing->sort.empty() && !listing->every) {
    const auto chosen = chosen_columns(columns, *listing);
    if (!chosen) return context.fail(chosen.error());
    return context.list(path, *query, *chosen, listing->limit, listing->headers);
  }
  const auto most = listing->sort.empty() ? listing->limit : kAllRows;
  return print_list(context, columns, *listing, [&] { return all_items(context, path, *query, most); });
}

}  // namespace tcpctl::ctl
