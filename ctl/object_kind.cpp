// SPDX-License-Identifier: Apache-2.0
#include "ctl/object_kind.hpp"

namespace tcpctl::ctl {
namespace {

using Form = KeyOption::Form;

}  // namespace

const ObjectKind& listener_kind() {
  static const ObjectKind kind{
      .noun = "listener",
      .table = "listeners",
      .keys = {{"--listen", "ADDRESS", "where: 127.0.0.1:8080, [::1]:8080, *:8080, unix:PATH; once for each",
                "listen", Form::texts},
               {"--service", "NAME", "what is done with its connections: 'tcpctl services' lists them",
                "service", Form::text},
               {"--upstream", "ADDRESS", "of the service forward, a target: 10.0.0.11:80; once for each",
                "forward.upstreams", Form::texts},
               {"--balance", "HOW", "of the service forward: round_robin, least_connections ...",
                "forward.balance", Form::text},
               {"--greeting", "TEXT", "of the service dialog, what it says first, as it is",
                "dialog.greeting", Form::text},
               {"--max-connections", "N", "at once", "max_connections"},
               {"--max-connections-per-source", "N", "at once from one address",
                "max_connections_per_source"},
               {"--accept-rate", "RATE", "new connections: 500/s", "accept_rate"},
               {"--idle-timeout", "DURATION", "end connections on which nothing comes or goes for so long",
                "idle_timeout"},
               {"--allow", "NETWORK", "who may connect: 10.0.0.0/8; once for each", "allow", Form::texts},
               {"--deny", "NETWORK", "who may not; once for each", "deny", Form::texts}},
      .example_add =
          "tcpctl listener add web --listen 127.0.0.1:8080 --service forward --upstream 10.0.0.11:80",
      .example_set = "tcpctl listener set web idle_timeout=5m forward.connect_timeout=2s --unset deny",
      .example_rm = "tcpctl listener rm web --drain 30s",
      .drains = true};
  return kind;
}

const ObjectKind& client_kind() {
  static const ObjectKind kind{
      .noun = "client",
      .table = "clients",
      .keys = {{"--connect", "ADDRESS", "whom: HOST:PORT, an address, srv:NAME, unix:PATH", "connect",
                Form::text},
               {"--mode", "keep|probe", "connections that are kept up, or checks on an interval", "mode",
                Form::text},
               {"--connections", "N", "of mode keep, how many", "connections"},
               {"--connect-timeout", "DURATION", "for each attempt to connect", "connect_timeout"},
               {"--interval", "DURATION", "of mode probe, from one to the next", "interval"},
               {"--timeout", "DURATION", "of mode probe, for one as a whole", "timeout"}},
      .example_add = "tcpctl client add feed --connect feed.example:7000 --mode keep",
      .example_set = "tcpctl client set feed connections=2 backoff.max=5m",
      .example_rm = "tcpctl client rm feed",
      .drains = false};
  return kind;
}

}  // namespace tcpctl::ctl
