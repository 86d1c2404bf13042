// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "stats/party.hpp"

namespace tcpctl {

/// The counters of everything that was ever declared, by name: they outlive a reload, and a removal.
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
    std::vector<CloseCount> counts;
    for (const auto* book : {&listeners_, &clients_}) {
      for (const auto& [name, stats] : *book) stats->collect(counts);
    }
    return counts;
  }

 private:
  template <class Stats, class Shares>
  static std::shared_ptr<Stats> get(std::map<std::string, std::shared_ptr<Stats>>& book,
                                    const std::string& name, Shares shares) {
    auto& stats = book[name];
    if (!stats) stats = std::make_shared<Stats>(shares);
    return stats;
  }

  const std::size_t workers_;
  std::map<std::string, std::shared_ptr<PartyStats>> listeners_, clients_;
  std::map<std::string, std::shared_ptr<UpstreamStats>> upstreams_;
};

}  // namespace tcpctl
