// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "connections/worker.hpp"
#include "stats/snapshot.hpp"
#include "tcp/sock_diag.hpp"

namespace tcpctl {

/// Where a row stands in the order asked for: its sort key, then its id, so that no two stand at one place.
struct ListPlace {
  std::int64_t key{0};
  std::uint64_t id{0};
  std::uint64_t entry{0};  // which of all that the worker's history ever had; of open connections 0
};

/// Which list is asked for, and what of it.
struct ListTerms {
  enum class Of : std::uint8_t { open, history };
  ConnectionQuery query;
  Of of{Of::open};
  /// What the kernel holds of those in the history; never null.
  std::shared_ptr<const tcp::ClosingSockets> held{std::make_shared<const tcp::ClosingSockets>()};
  Instant time{now()};  // for all slices the same
};
using ListTermsPtr = std::shared_ptr<const ListTerms>;

/// How long one slice of a list may keep a loop: short at first, so that nobody behind it waits, and longer
/// the longer the list has been asked for, since a loop whose turns take long does not notice it.
/// Threads: any.
[[nodiscard]] Duration slice_time(const ListTerms& terms, Instant time = now());

/// Does an open connection belong to the list? Threads: the worker's loop.
[[nodiscard]] bool belongs(const Connection& connection, const ListTerms& terms);

/// Finds what one worker has for a page, and how many match there at all, slice by slice: between two slices
/// its loop turns. It remembers one place more than the page has, however many match.
/// Threads: one after the other.
class PageSearch {
 public:
  /// Errors: invalid_argument for a cursor that is none.
  [[nodiscard]] static Result<PageSearch> begin(ListTermsPtr terms);

  /// Looks at the next slice of what `worker` has. False once it has seen all. Threads: the worker's loop.
  [[nodiscard]] bool look(const Worker& worker) { return look(worker, slice_time(*terms_)); }
  [[nodiscard]] bool look(const Worker& worker, Duration most);
  [[nodiscard]] std::uint64_t total() const { return total_; }
  [[nodiscard]] const std::vector<ListPlace>& places() const { return best_; }

 private:
  PageSearch(ListTermsPtr terms, std::optional<ListPlace> after) : terms_{std::move(terms)}, after_{after} {}

  [[nodiscard]] bool is_by_id() const;
  void take_by_id(const Worker& worker);
  template <class IsOver>
  [[nodiscard]] bool look_at_open(const Worker& worker, IsOver is_over);
  template <class IsOver>
  [[nodiscard]] bool look_at_history(const Worker& worker, IsOver is_over);
  void add(const ListPlace& place);
  void keep(const ListPlace& place);

  ListTermsPtr terms_;
  std::optional<ListPlace> after_;
  std::uint64_t total_{0};
  std::uint64_t reached_{0};     // the last id, or the next entry
  std::vector<ListPlace> best_;  // a heap, the last one first
};

/// What is on the page, in order, and the cursor behind it: "" if there is no more.
struct FoundPlaces {
  std::vector<ListPlace> places;
  std::string next;
};
/// Of the places that all workers have. Threads: any.
[[nodiscard]] FoundPlaces first_of(std::vector<ListPlace> places, const ConnectionQuery& query);

/// The row at each of `places`, which are of `worker`, but for what is gone or does not match any more.
/// Threads: the worker's loop.
[[nodiscard]] std::vector<std::optional<ConnectionRow>> rows_at(const Worker& worker, const ListTerms& terms,
                                                                std::span<const ListPlace> places);

}  // namespace tcpctl
