// SPDX-License-Identifier: Apache-2.0
#include "ctl/commands/registry.hpp"
#include "ctl/listing.hpp"

namespace tcpctl::ctl::commands {
namespace {

Cell options_cell(const Json& row, std::string_view field, const View&) {
  std::string text;
  for (const auto& option : row.items(field)) {
    text += (text.empty() ? "" : ", ") + option.text("key").value_or(option.raw());
  }
  return {text};
}

std::vector<Column> columns() {
  return {{.title = "NAME", .field = "name"},
          {.title = "WHAT IT DOES", .field = "help", .rank = 1, .min = 20},
          {.title = "OPTIONS", .field = "options", .rank = 2, .min = 12, .show = options_cell}};
}

Exit list(Context& context, const Arguments& arguments) {
  const auto listing = read_listing(arguments);
  if (!listing) return context.fail(listing.error());
  return print_list(context, columns(), *listing, [&] { return short_list(context, "/v1/services"); });
}

}  // namespace

Noun service_noun() {
  return {"services",
          {"service"},
          "what can be done with an accepted connection",
          {{"list", "the services and their options", "tcpctl services", {}, listing_options(), list}}};
}

}  // namespace tcpctl::ctl::commands
