// SPDX-License-Identifier: Apache-2.0
#include <chrono>

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

Exit versions(Context& context) {
  Call call;
  call.path = "/v1/status";
  call.patience = std::chrono::seconds{1};
  const auto status = context.ask(call);
  const auto host = safe(context.client().host().text());
  context.print("tcpctl " TCPCTL_VERSION "\n");
  context.print(status ? fmt::format("tcpctld {} at {}\n", safe(status->text("version").value_or("-")), host)
                       : fmt::format("tcpctld - ({})\n", status.error().line));
  return Exit::done;
}

Noun version_noun() {
  return {"version",
          {},
          "the versions of tcpctl and of the daemon",
          {{"", "the versions of tcpctl and of the daemon", "tcpctl version", {}, {}, print}}};
}

}  // namespace tcpctl::ctl::commands
