// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ctl/command.hpp"

/// What every list takes: which columns, in which order, which rows, how many, and whether again and again.
namespace tcpctl::ctl {

/// How a list is to be printed.
struct Listing {
  std::vector<std::string> columns{};  // names; empty: those that fit
  bool headers{true};
  std::string sort{};  // a column's name, '-' in front descends; empty: as the daemon gives them
  std::vector<std::string> filters{};  // comparisons that all must hold
  std::uint64_t limit{kAllRows};
  std::optional<std::chrono::milliseconds> every{};  // print it anew so often, until interrupted
};

/// --sort --filter --limit --columns --no-headers --watch
[[nodiscard]] std::vector<Option> listing_options();
/// `options`, which have a --filter of their own, and these.
[[nodiscard]] std::vector<Option> with_listing_options(std::vector<Option> options);
/// Errors: usage.
[[nodiscard]] Answer<Listing> read_listing(const Arguments& arguments);

/// `columns` as the listing wants them; those that it names are shown however wide they are. Errors: usage.
[[nodiscard]] Answer<std::vector<Column>> chosen_columns(std::vector<Column> columns, const Listing& listing);

/// Rows of a list that is asked for as a whole: filtered, sorted, cut. Errors: usage.
[[nodiscard]] Answer<std::vector<Json>> chosen_rows(std::vector<Json> rows,
                                                    const std::vector<Column>& columns,
                                                    const Listing& listing, const View& view);

/// Prints what `ask` answers, once or, with --watch, again and again.
[[nodiscard]] Exit print_list(Context& context, const std::vector<Column>& columns, const Listing& listing,
                              const std::function<Answer<std::vector<Json>>()>& ask);

/// The collection at `path`, which has pages.
[[nodiscard]] Answer<std::vector<Json>> all_items(const Context& context, const std::string& path,
                                                  const Query& query = {}, std::uint64_t limit = kAllRows);
/// The one at `path`, which has none.
[[nodiscard]] Answer<std::vector<Json>> short_list(const Context& context, const std::string& path);

/// `tcpctl listener list`: what is at `path`, as `arguments` want it.
[[nodiscard]] Exit list_all(Context& context, const Arguments& arguments, const std::string& path,
                            const std::vector<Column>& columns);

/// The connections at `path`: filtered by the daemon, and sorted by it where it can.
[[nodiscard]] Exit list_connections(Context& context, const Arguments& arguments, const std::string& path,
                                    const std::vector<Column>& columns);

}  // namespace tcpctl::ctl
