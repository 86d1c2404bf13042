// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "stats/party.hpp"

namespace tcpctl {

/// The counters of what was declared, by name: they outlive a reload, and a removal, until so many names have
/// gone that those would fill the memory.
/// Threads: the main thread.
class StatsBook {
 public:
  explicit StatsBook(std::size_t workers) : workers_{workers} {}

  [[nodiscard]] std::shared_ptr<PartyStats> listener(const std::string& name) {
    return get(listeners_, name, workers_);
  }
  [[nodiscard]] std::shared_ptr<PartyStats> client(const std::string& name) {
    return get(clients_, name, PartyStats::OfClient{});
  }
  [[nodiscard]] std::shared_ptr<UpstreamStats> upstream(const std::string& listener,
                                                        const std::string& name) {
    return get(upstreams_, listener + '/' + name, workers_);
  }
  /// How connections ended, of all listeners and clients that ever were.
  [[nodiscard]] std::vector<CloseCount> closes() const {
    std::vector<CloseCount> counts = forgotten_;
    for (const auto* book : {&listeners_, &clients_}) {
      for (const auto& [name, stats] : book->stats) stats->collect(counts);
    }
    return counts;
  }
  [[nodiscard]] std::size_t size() const {
    return listeners_.stats.size() + clients_.stats.size() + upstreams_.stats.size();
  }

 private:
  static constexpr std::size_t kRemembered = 1000;

  template <class Stats>
  struct Book {
    std::map<std::string, std::shared_ptr<Stats>> stats;
    std::size_t full{kRemembered};
  };

  template <class Stats, class Shares>
  std::shared_ptr<Stats> get(Book<Stats>& book, const std::string& name, Shares shares) {
    if (const auto found = book.stats.find(name); found != book.stats.end()) return found->second;
    if (book.stats.size() >= book.full) forget_unused(book);
    return book.stats.emplace(name, std::make_shared<Stats>(shares)).first->second;
  }

  /// What is neither declared nor has connections. The next time is when there are twice as many, so that it
  /// costs little for each name.
  template <class Stats>
  void forget_unused(Book<Stats>& book) {
    std::erase_if(book.stats, [&](const auto& entry) {
      if (entry.second.use_count() > 1) return false;
      if constexpr (std::is_same_v<Stats, PartyStats>) entry.second->collect(forgotten_);
      return true;
    });
    book.full = std::max(kRemembered, 2 * book.stats.size());
  }

  const std::size_t workers_;
  Book<PartyStats> listeners_, clients_;
  Book<UpstreamStats> upstreams_;
  std::vector<CloseCount> forgotten_;  // how connections ended, of those that are
};

}  // namespace tcpctl
