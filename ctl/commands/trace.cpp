// SPDX-License-Identifier: Apache-2.0
#include "ctl/commands/registry.hpp"
#include "ctl/part.hpp"
#include "ctl/trace/wishes.hpp"

namespace tcpctl::ctl::commands {
namespace {

Exit run(Context& context, const Arguments&) { return become(context, "tcpctl-trace"); }

}  // namespace

Noun trace_noun() {
  return {
      "trace",
      {},
      "the segments of connections as they pass, drawn as the textbook's sequence diagram",
      {{"",
        "captures and draws segments, until Ctrl-C or the end of the one connection; without the privilege "
        "to capture, what the daemon itself saw (exit status 5 with -w or -o json)",
        "tcpctl trace web -w web.pcap",
        {{"TARGET", "LISTENER, CLIENT, a connection's ID, or HOST:PORT, which needs no daemon; none with -r",
          Positional::Count::optional}},
        trace::trace_options(),
        run}}};
}

}  // namespace tcpctl::ctl::commands
