// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/clock.hpp"
#include "stats/facts.hpp"
#include "stats/snapshot.hpp"

namespace tcpctl {

/// The last attempts of one connection that is kept up. Threads: one owner.
class AttemptLog {
 public:
  static constexpr std::size_t kMost = 8;

  struct Attempt {
    WallTime at;
    Address address;  // empty: none was reached
    Duration took;
    std::optional<Reason> failure;  // none: it connected
    std::optional<Reason> ended{};  // of one that connected, once it is over
    Duration stood{};
  };

  void add(Attempt attempt) {
    if (attempts_.size() == kMost) attempts_.erase(attempts_.begin());
    attempts_.reserve(attempts_.size() + 1);  // no room to spare, in thousands of them
    attempts_.push_back(std::move(attempt));
  }
  /// The last one, which had connected, is over.
  void note_end(Reason reason, Duration stood) {
    if (attempts_.empty()) return;
    attempts_.back().ended = reason;
    attempts_.back().stood = stood;
  }
  /// Newest first.
  [[nodiscard]] std::vector<AttemptRow> rows() const {
    std::vector<AttemptRow> rows;
    for (auto it = attempts_.rbegin(); it != attempts_.rend(); ++it) {
      rows.push_back({.at = it->at,
                      .address = it->address.family() == AF_UNSPEC ? "" : it->address.text(),
                      .outcome = std::string{it->failure ? text(*it->failure) : "connected"},
                      .took = it->took,
                      .stood = it->ended ? std::optional{it->stood} : std::nullopt,
                      .ended = std::string{it->ended ? text(*it->ended) : ""}});
    }
    return rows;
  }

 private:
  std::vector<Attempt> attempts_;  // oldest first
};

}  // namespace tcpctl
