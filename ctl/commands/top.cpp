// SPDX-License-Identifier: Apache-2.0
#include "ctl/commands/registry.hpp"
#include "ctl/part.hpp"

namespace tcpctl::ctl::commands {
namespace {

Exit run(Context& context, const Arguments&) { return become(context, "tcpctl-top"); }

}  // namespace

Noun top_noun() {
  return {"top",
          {},
          "listeners, clients, connections and events on the whole screen, live",
          {{"",
            "the live picture: rates, details, filters, and keys that pause, drain and end; ? tells the keys",
            "tcpctl top --delay 2",
            {},
            {{"-d,--delay", "SECONDS", "how often it looks: 0.2 to 60, default 1"}},
            run}}};
}

}  // namespace tcpctl::ctl::commands
