// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "connections/page_search.hpp"

namespace tcpctl {

/// Does a connection match what `query` filters by, its state, its own address, its TCP_INFO and its end
/// excepted?
[[nodiscard]] bool matches(const Facts& facts, const ConnectionQuery& query, Instant now);

/// Does `query` look at the address on our side?
[[nodiscard]] bool wants_local(const ConnectionQuery& query);
[[nodiscard]] bool matches(const Address& local, const ConnectionQuery& query);

/// Does `query` look at TCP_INFO, to filter or to sort by it?
[[nodiscard]] bool wants_tcp(const ConnectionQuery& query);
[[nodiscard]] bool matches(const std::optional<TcpRow>& tcp, const ConnectionQuery& query);

/// How many rows take how long: with the TCP_INFO of each.
inline constexpr Duration kRowTime = std::chrono::microseconds{4};
inline constexpr std::size_t kLeastRows = 16;

struct SearchResult {
  FoundPlaces found;
  std::uint64_t total{0};
};

/// The places of a page. What each worker has is looked for at the same time; see `list_page`.
template <class Ask>
[[nodiscard]] Result<SearchResult> search_all(const ListTermsPtr& terms, std::size_t workers,
                                              const Ask& ask) {
  const auto fresh = PageSearch::begin(terms);
  if (!fresh) return tl::make_unexpected(fresh.error());
  std::vector<std::shared_ptr<PageSearch>> searches(workers);
  std::vector<std::size_t> looking;
  for (std::size_t worker = 0; worker < workers; ++worker) {
    searches[worker] = std::make_shared<PageSearch>(*fresh);
    looking.push_back(worker);
  }
  while (!looking.empty()) {
    const auto more = ask(looking, [&](std::size_t worker) {
      return [search = searches[worker]](const Worker& asked) { return search->look(asked); };
    });
    if (!more) return tl::make_unexpected(more.error());
    std::vector<std::size_t> left;
    for (std::size_t i = 0; i < looking.size(); ++i) {
      if ((*more)[i]) left.push_back(looking[i]);
    }
    looking = std::move(left);
  }
  SearchResult result;
  std::vector<ListPlace> places;
  for (const auto& search : searches) {
    result.total += search->total();
    std::ranges::copy(search->places(), std::back_inserter(places));
  }
  result.found = first_of(std::move(places), terms->query);
  return result;
}

/// The rows at `places`, some at a time; see `list_page`.
template <class Ask>
[[nodiscard]] Result<std::vector<std::optional<ConnectionRow>>> make_rows(
    const ListTermsPtr& terms, std::size_t workers, const std::vector<ListPlace>& places, const Ask& ask) {
  std::vector<std::optional<ConnectionRow>> rows(places.size());
  std::vector<std::deque<std::size_t>> left(workers);  // of each worker, which of `places` are its
  for (std::size_t i = 0; i < places.size(); ++i) left.at(worker_of(ConnectionId{places[i].id})).push_back(i);
  for (;;) {
    const auto most = std::max(static_cast<std::size_t>(slice_time(*terms) / kRowTime), kLeastRows);
    std::vector<std::size_t> asked;
    std::vector<std::vector<std::size_t>> slices(workers);
    for (std::size_t worker = 0; worker < workers; ++worker) {
      auto& mine = left[worker];
      const auto end = mine.begin() + static_cast<std::ptrdiff_t>(std::min(most, mine.size()));
      slices[worker].assign(mine.begin(), end);
      mine.erase(mine.begin(), end);
      if (!slices[worker].empty()) asked.push_back(worker);
    }
    if (asked.empty()) return rows;
    auto made = ask(asked, [&](std::size_t worker) {
      std::vector<ListPlace> wanted;
      for (const std::size_t i : slices[worker]) wanted.push_back(places[i]);
      return [terms, wanted = std::move(wanted)](const Worker& of) { return rows_at(of, *terms, wanted); };
    });
    if (!made) return tl::make_unexpected(std::move(made).error());
    for (std::size_t k = 0; k < asked.size(); ++k) {
      for (std::size_t i = 0; i < (*made)[k].size(); ++i)
        rows[slices[asked[k]][i]] = std::move((*made)[k][i]);
    }
  }
}

/// Puts a page together. `ask(workers, question_of)` answers, as a Result, what the questions
/// `question_of(worker)`, put to each of `workers` at once, answer: `question(const Worker&)`, on its loop.
/// It is asked for one short slice after the other. Errors: those of `ask`; invalid_argument for a cursor
/// that is none. Threads: any that may wait.
template <class Ask>
[[nodiscard]] Result<ConnectionPage> list_page(const ListTermsPtr& terms, std::size_t workers,
                                               const Ask& ask) {
  auto search = search_all(terms, workers, ask);
  if (!search) return tl::make_unexpected(std::move(search).error());
  ConnectionPage page{{}, search->total, std::move(search->found.next)};
  auto rows = make_rows(terms, workers, search->found.places, ask);
  if (!rows) return tl::make_unexpected(std::move(rows).error());
  for (auto& row : *rows) {
    if (row) page.items.push_back(*std::move(row));
  }
  return page;
}

}  // namespace tcpctl
