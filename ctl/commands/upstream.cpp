// SPDX-License-Identifier: Apache-2.0
#include "ctl/cells.hpp"
#include "ctl/commands/registry.hpp"

namespace tcpctl::ctl::commands {
namespace {

std::vector<Column> columns() {
  return {
      {.title = "NAME", .field = "name", .min = 8},
      {.title = "ADDRESS", .field = "address", .rank = 1, .min = 15},
      {.title = "STATE", .field = "operational_state", .show = state_cell},
      {.title = "ADMIN", .field = "admin_state", .rank = 4, .show = state_cell},
      {.title = "CONFIG", .field = "config_state", .wide = true, .show = state_cell},
      {.title = "WEIGHT", .field = "weight", .align = Align::right, .rank = 6},
      {.title = "BACKUP", .field = "backup", .rank = 7, .show = yes_no_cell},
      {.title = "ACTIVE", .field = "active", .align = Align::right, .rank = 2, .show = count_cell},
      {.title = "TOTAL", .field = "connections_total", .align = Align::right, .rank = 5, .show = count_cell},
      {.title = "FAILED", .field = "failures_total", .align = Align::right, .rank = 3, .show = sum_cell},
      {.title = "P50 MS", .field = "connect_ms.p50", .align = Align::right, .wide = true},
      {.title = "P99 MS", .field = "connect_ms.p99", .align = Align::right, .rank = 8},
      {.title = "SINCE", .field = "since", .wide = true, .show = time_cell},
      {.title = "CAUSE", .field = "cause", .rank = 4, .min = 12}};
}

Exit list(Context& context, const Arguments& arguments) {
  return context.list("/v1/listeners/" + percent_encoded(arguments.word("LISTENER")) + "/upstreams", {},
                      columns());
}

}  // namespace

Noun upstream_noun() {
  return {"upstream",
          {"upstreams"},
          "the targets that a forwarding listener connects to",
          {{"list",
            "the upstreams of a listener with their state",
            "tcpctl upstream list web",
            {{"LISTENER", "the name of a listener with the service forward"}},
            {},
            list}}};
}

}  // namespace tcpctl::ctl::commands
