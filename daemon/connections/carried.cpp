// SPDX-License-Identifier: Apache-2.0
#include "connections/carried.hpp"

#include <sys/socket.h>

#include "base/log.hpp"

namespace tcpctl {
namespace {

void close_leg(CarriedLeg& leg, std::string_view owner, std::string_view why) {
  const Facts& facts = leg.facts;
  log::warn("connection.not_kept", log::f("owner", owner), log::f("connection", id_text(facts.id)),
            log::f("remote", facts.remote.text()), log::f("bytes_in", facts.bytes_in),
            log::f("bytes_out", facts.bytes_out), log::f("unsent", leg.queued.size()), log::f("why", why));
  // close(2) alone would reset it where there is something to be read.
  if (leg.fd) ::shutdown(leg.fd.get(), SHUT_WR);
  leg.fd.reset();
}

}  // namespace

void drop(CarriedSession& session, std::string_view why) {
  close_leg(session.leg, session.owner, why);
  if (session.upstream) close_leg(*session.upstream, session.owner, why);
}

}  // namespace tcpctl
