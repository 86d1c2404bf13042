// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "connections/facts.hpp"
#include "connections/worker.hpp"

namespace tcpctl {

/// A new event of a listener or client, now; null where it is not taken.
[[nodiscard]] inline Event* add_event(Worker& worker, EventKind kind, const OwnerPtr& owner) {
  EventOutlet& events = worker.events();
  Event* const event = events.add(kind);
  if (event == nullptr) return nullptr;
  event->at = worker.wall_at(worker.time());
  event->of_client = owner->kind == Owner::Kind::client;
  event->party = events.text(owner, owner->name);
  return event;
}

}  // namespace tcpctl
