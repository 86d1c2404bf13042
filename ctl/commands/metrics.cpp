// SPDX-License-Identifier: Apache-2.0
#include "ctl/commands/registry.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl::commands {
namespace {

Exit print(Context& context, const Arguments&) {
  Call call;
  call.path = "/metrics";
  const auto reply = context.client().request(call);
  if (!reply) return context.fail(reply.error());
  context.print(context.environment().terminal ? safe_lines(reply->body) : reply->body);
  return Exit::done;
}

}  // namespace

Noun metrics_noun() {
  return {"metrics",
          {},
          "the daemon's metrics as Prometheus reads them",
          {{"",
            "the daemon's metrics as Prometheus reads them",
            "tcpctl metrics | promtool check metrics",
            {},
            {},
            print}}};
}

}  // namespace tcpctl::ctl::commands
