// SPDX-License-Identifier: Apache-2.0
#include "connections/connection_set.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "connections/connection.hpp"

namespace tcpctl {
namespace {

constexpr std::size_t kFewEntries = 64;  // not worth the closing of holes

}  // namespace

ConnectionSet::ConnectionSet() = default;
ConnectionSet::~ConnectionSet() = default;

void ConnectionSet::add(ConnectionId id, std::unique_ptr<Connection> connection) {
  const auto place = entries_.empty() || entries_.back().id < id
                         ? entries_.end()
                         : std::ranges::lower_bound(entries_, id, {}, &Entry::id);
  assert(place == entries_.end() || place->id != id);
  entries_.insert(place, {id, std::move(connection)});
  ++size_;
}

std::size_t ConnectionSet::place_of(ConnectionId id) const {
  const auto found = std::ranges::lower_bound(entries_, id, {}, &Entry::id);
  if (found == entries_.end() || found->id != id || !found->connection) return entries_.size();
  return static_cast<std::size_t>(found - entries_.begin());
}

std::unique_ptr<Connection> ConnectionSet::replace(ConnectionId id, std::unique_ptr<Connection>& connection) {
  if (entries_.empty() || entries_.back().id < id) return nullptr;  // a new one, as nearly all are
  const std::size_t place = place_of(id);
  if (place == entries_.size()) return nullptr;
  return std::exchange(entries_[place].connection, std::move(connection));
}

Connection* ConnectionSet::find(ConnectionId id) const {
  const std::size_t place = place_of(id);
  return place == entries_.size() ? nullptr : entries_[place].connection.get();
}

std::unique_ptr<Connection> ConnectionSet::take(ConnectionId id) {
  const std::size_t place = place_of(id);
  if (place == entries_.size()) return nullptr;
  auto connection = std::move(entries_[place].connection);
  --size_;
  close_holes();
  return connection;
}

std::span<const ConnectionSet::Entry> ConnectionSet::above(ConnectionId id) const {
  return {std::ranges::upper_bound(entries_, id, {}, &Entry::id), entries_.end()};
}

std::span<const ConnectionSet::Entry> ConnectionSet::below(ConnectionId id) const {
  return {entries_.begin(), std::ranges::lower_bound(entries_, id, {}, &Entry::id)};
}

void ConnectionSet::close_holes() {
  while (!entries_.empty() && !entries_.back().connection) entries_.pop_back();
  if (entries_.size() < kFewEntries || entries_.size() / 2 < size_) return;
  std::erase_if(entries_, [](const Entry& entry) { return !entry.connection; });
  if (entries_.capacity() / 4 > entries_.size()) entries_.shrink_to_fit();
}

}  // namespace tcpctl
