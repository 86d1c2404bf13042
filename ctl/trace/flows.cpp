// SPDX-License-Identifier: Apache-2.0
#include "ctl/trace/flows.hpp"

#include <algorithm>
#include <iterator>

namespace tcpctl::ctl::trace {

Flows::Key Flows::key_of(const Address& from, const Address& to) {
  const auto end = [](const Address& address) {
    return End{address.host_key().value_or(Address::HostKey{}), address.port()};
  };
  auto one = end(from);
  auto other = end(to);
  if (other < one) std::swap(one, other);
  return {one, other};
}

Flows::Found Flows::find(const Segment& segment, WallTime at) {
  const auto key = key_of(segment.from, segment.to);
  const auto known = current_.find(key);
  auto connection = known == current_.end() ? all_.end() : known->second;
  const auto sender = [&] { return connection->initiator == segment.from ? std::size_t{0} : std::size_t{1}; };
  const bool fresh = connection == all_.end() || connection->flow.is_another(segment, sender());
  if (fresh) connection = begin(segment, key, at);
  return {*connection, sender(), fresh};
}

std::list<Connection>::iterator Flows::begin(const Segment& segment, const Key& key, WallTime at) {
  if (all_.size() == kMost) forget_first();
  const auto stands = standing(scope_, segment);
  const auto& initiator = stands.sender_opened ? segment.from : segment.to;
  const auto& responder = stands.sender_opened ? segment.to : segment.from;
  all_.push_back({++last_number_, initiator, responder, stands, Flow{stands.ours, at}});
  const auto made = std::prev(all_.end());
  current_[key] = made;
  return made;
}

void Flows::forget_first() {
  const auto& first = all_.front();
  const auto entry = current_.find(key_of(first.initiator, first.responder));
  if (entry != current_.end() && entry->second == all_.begin()) current_.erase(entry);
  all_.pop_front();
  ++forgotten_;
}

}  // namespace tcpctl::ctl::trace
