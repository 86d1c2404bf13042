// SPDX-License-Identifier: Apache-2.0
#include "stats/party.hpp"

#include <algorithm>

namespace tcpctl {
namespace {

constexpr std::size_t index_of(First first, How how, Reason reason) {
  return (static_cast<std::size_t>(first) * kHows + static_cast<std::size_t>(how)) * kReasons +
         static_cast<std::size_t>(reason);
}

}  // namespace

CloseCounters::~CloseCounters() { const std::unique_ptr<Table> owned{table_.load()}; }

void CloseCounters::add(First first, How how, Reason reason) {
  Table* table = table_.load(std::memory_order_relaxed);
  if (table == nullptr) {
    table = std::make_unique<Table>().release();
    table_.store(table, std::memory_order_release);
  }
  (*table)[index_of(first, how, reason)].add();
}

void CloseCounters::collect(std::vector<CloseCount>& counts) const {
  const Table* table = table_.load(std::memory_order_acquire);
  if (table == nullptr) return;
  for (std::size_t i = 0; i < table->size(); ++i) {
    const std::uint64_t count = (*table)[i].read();
    if (count == 0) continue;
    const CloseCount added{static_cast<First>(i / (kHows * kReasons)), static_cast<How>(i / kReasons % kHows),
                           static_cast<Reason>(i % kReasons), count};
    const auto same = std::ranges::find_if(counts, [&](const CloseCount& other) {
      return other.first == added.first && other.how == added.how && other.reason == added.reason;
    });
    if (same == counts.end()) {
      counts.push_back(added);
    } else {
      same->count += count;
    }
  }
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
  for (const auto& share : shares_) {
    for (std::size_t i = 0; i < kRefusals; ++i) total[i] += share.refused[i].read();
  }
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
