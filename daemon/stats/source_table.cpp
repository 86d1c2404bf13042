// SPDX-License-Identifier: Apache-2.0
#include "stats/source_table.hpp"

#include <algorithm>

namespace tcpctl {

SourcePlace::~SourcePlace() {
  if (source_ != nullptr) source_->left[worker_].add();
}

std::uint64_t SourceCount::active() const {
  std::uint64_t gone = 0;
  for (const auto& counter : left) gone += counter.read();
  return entered - gone;
}

std::optional<SourcePlace> SourceTable::enter(const Address& source, std::uint64_t limit) {
  const auto host = source.host_key();
  if (!host) return SourcePlace{};
  const std::size_t index = source_of(*host);
  SourceCount& entry = sources_[index];
  if (entry.active() >= limit) return std::nullopt;
  ++entry.entered;
  return SourcePlace{shared_from_this(), entry};
}

std::size_t SourceTable::source_of(const Address::HostKey& host) {
  if (const auto found = by_host_.find(host); found != by_host_.end()) return found->second;
  if (by_host_.size() >= look_at_) forget_the_idle();
  if (free_.empty()) {
    free_.push_back(sources_.size());
    sources_.emplace_back(workers_);
  }
  const std::size_t index = free_.back();
  free_.pop_back();
  sources_[index].host = host;
  by_host_.emplace(host, index);
  return index;
}

void SourceTable::forget_the_idle() {
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const auto found = by_host_.find(sources_[i].host);
    if (found == by_host_.end() || found->second != i || sources_[i].active() > 0) continue;
    by_host_.erase(found);
    free_.push_back(i);
  }
  // Twice as many as stayed, so that looking through all costs each newcomer a constant.
  look_at_ = std::max(kFirstLook, 2 * by_host_.size());
}

}  // namespace tcpctl
