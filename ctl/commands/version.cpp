// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "ctl/commands/registry.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl::commands {
namespace {

Exit print(Context& context, const Arguments&) {
  const auto status = context.get("/v1/status");
  if (context.format() == Format::json) {
    if (!status) return context.fail(status.error());
    const auto daemon = json_string(status->text("version").value_or("")).value_or("null");
    context.print(fmt::format("{{\"tcpctl\": \"{}\", \"tcpctld\": {}}}\n", TCPCTL_VERSION, daemon));
    return Exit::done;
  }
  context.print("tcpctl " TCPCTL_VERSION "\n");
  if (!status) return context.fail(status.error());
  context.print("tcpctld " + safe(status->text("version").value_or("-")) + " at " +
                safe(context.client().host().text()) + "\n");
  return Exit::done;
}

}  // namespace

Noun version_noun() {
  return {"version",
          {},
          "the versions of tcpctl and of the daemon",
          {{"", "the versions of tcpctl and of the daemon", "tcpctl version", {}, {}, print}}};
}

}  // namespace tcpctl::ctl::commands
