// SPDX-License-Identifier: Apache-2.0
#include "connections/listing.hpp"

namespace tcpctl {

bool matches(const Facts& facts, const ConnectionQuery& query, Instant now) {
  const bool is_listener = facts.owner->kind == Owner::Kind::listener;
  if (query.listener && (!is_listener || facts.owner->name != *query.listener)) return false;
  if (query.client && (is_listener || facts.owner->name != *query.client)) return false;
  if (query.service && facts.owner->service != *query.service) return false;
  if (query.direction && facts.direction != *query.direction) return false;
  if (query.peer && !query.peer->contains(facts.remote) && !query.peer->contains(facts.source()))
    return false;
  if (query.older_than && now - facts.opened < *query.older_than) return false;
  return !query.min_bytes || facts.bytes_in + facts.bytes_out >= *query.min_bytes;
}

}  // namespace tcpctl
