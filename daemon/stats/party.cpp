// SPDX-License-Identifier: Apache-2.0
#include "stats/party.hpp"

#include <algorithm>
#include <tuple>

namespace tcpctl {

CloseCounters::~CloseCounters() { const std::unique_ptr<Kind> owned{newest_.load()}; }

CloseCounters::Kind& CloseCounters::of(First first, How how, Reason reason) {
  Kind* const newest = newest_.load(std::memory_order_relaxed);
  for (Kind* kind = newest; kind != nullptr; kind = kind->next.get()) {
    if (kind->first == first && kind->how == how && kind->reason == reason) return *kind;
  }
  auto kind = std::make_unique<Kind>(first, how, reason, std::unique_ptr<Kind>{newest});
  newest_.store(kind.get(), std::memory_order_release);
  return *kind.release();
}

void CloseCounters::add(First first, How how, Reason reason) { of(first, how, reason).count.add(); }

void CloseCounters::collect(std::vector<CloseCount>& counts) const {
  const auto way = [](const CloseCount& count) { return std::tie(count.first, count.how, count.reason); };
  for (const Kind* kind = newest_.load(std::memory_order_acquire); kind != nullptr; kind = kind->next.get()) {
    const CloseCount added{kind->first, kind->how, kind->reason, kind->count.read()};
    const auto place = std::ranges::lower_bound(counts, way(added), {}, way);
    if (place != counts.end() && way(*place) == way(added)) {
      place->count += added.count;
    } else if (added.count > 0) {
      counts.insert(place, added);
    }
  }
}

RefusedCounters::~RefusedCounters() { const std::unique_ptr<Counts> owned{counts_.load()}; }

void RefusedCounters::add(Refusal refusal) {
  Counts* counts = counts_.load(std::memory_order_relaxed);
  if (counts == nullptr) {
    counts = std::make_unique<Counts>().release();
    counts_.store(counts, std::memory_order_release);
  }
  (*counts)[static_cast<std::size_t>(refusal)].add();
}

void RefusedCounters::collect(std::array<std::uint64_t, kRefusals>& counts) const {
  const Counts* const own = counts_.load(std::memory_order_acquire);
  if (own == nullptr) return;
  for (std::size_t i = 0; i < kRefusals; ++i) counts[i] += (*own)[i].read();
}

std::uint64_t PartyStats::active() const {
  // Ends are read first: what ends in between then counts as active for a moment, and never below zero.
  const std::uint64_t ended = sum(&PartyShare::ended);
  return opened_.read() - std::min(opened_.read(), ended);
}

void PartyStats::add_opened() {
  opened_.add();
  peak_.set(std::max(peak_.read(), active()));
}

std::uint64_t PartyStats::sum(Counter PartyShare::* counter) const {
  std::uint64_t total = 0;
  for (const auto& share : shares_) total += (share.*counter).read();
  return total;
}

std::array<std::uint64_t, kRefusals> PartyStats::refused() const {
  std::array<std::uint64_t, kRefusals> total{};
  for (const auto& share : shares_) share.refused.collect(total);
  return total;
}

std::vector<CloseCount> PartyStats::closes() const {
  std::vector<CloseCount> counts;
  collect(counts);
  return counts;
}

void PartyStats::collect(std::vector<CloseCount>& counts) const {
  for (const auto& share : shares_) share.closes.collect(counts);
}

HistogramValues PartyStats::sum(Histogram PartyShare::* histogram) const {
  HistogramValues total;
  for (const auto& share : shares_) total.add((share.*histogram).read());
  return total;
}

bool Places::take(std::uint64_t limit) {
  auto taken = taken_.load();
  do {
    if (taken >= limit) return false;
  } while (!taken_.compare_exchange_weak(taken, taken + 1));
  return true;
}

std::uint64_t UpstreamStats::sum(Counter UpstreamShare::* counter) const {
  std::uint64_t total = 0;
  for (const auto& share : shares_) total += (share.*counter).read();
  return total;
}

void UpstreamStats::fill(UpstreamRow& row) const {
  row.assigned += places_.taken();
  for (const auto& share : shares_) {
    row.active += share.active.read();
    row.connections += share.connections.read();
    row.bytes_in += share.bytes_in.read();
    row.bytes_out += share.bytes_out.read();
    share.closes.collect(row.closes);
    row.connect_time.add(share.connect_time.read());
    for (std::size_t i = 0; i < kReasons; ++i) {
      const std::uint64_t count = share.failures[i].read();
      if (count > 0) row.failures[std::string{text(static_cast<Reason>(i))}] += count;
    }
  }
}

}  // namespace tcpctl
