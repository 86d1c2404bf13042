// SPDX-License-Identifier: Apache-2.0
#include "endpoints/director_post.hpp"

#include "endpoints/hub.hpp"
#include "engine/loop.hpp"

namespace tcpctl {

template <class Task>
void DirectorPost::post(Task task) const {
  const Crew::Member& member = crew_.members[director_];
  member.loop->post([hub = member.hub, listener = listener_, task = std::move(task)] {
    hub->worker().tick();
    if (Director* const director = hub->director(listener)) task(*director);
  });
}

void DirectorPost::wait(Ticket ticket, bool again) {
  post([=](Director& director) { director.wait(ticket, again); });
}

void DirectorPost::leave(Ticket ticket) {
  post([=](Director& director) { director.leave(ticket); });
}

void DirectorPost::admitted(Ticket ticket) {
  post([=](Director& director) { director.admitted(ticket); });
}

void DirectorPost::freed() {
  post([](Director& director) { director.freed(); });
}

void DirectorPost::failed(std::shared_ptr<UpstreamStats> upstream, Reason reason, std::uint64_t count) {
  post([worker = here_, upstream = std::move(upstream), reason, count](Director& director) {
    director.failed(worker, upstream, reason, count);
  });
}

}  // namespace tcpctl
