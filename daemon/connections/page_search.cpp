// SPDX-License-Identifier: Apache-2.0
#include "connections/page_search.hpp"

#include <algorithm>
#include <charconv>
#include <compare>
#include <limits>
#include <ranges>
#include <utility>

#include <fmt/format.h>

#include "connections/connection.hpp"
#include "connections/listing.hpp"

namespace tcpctl {
namespace {

using Sort = ConnectionQuery::Sort;

/// By what an open connection is sorted. Its age and idle time grow while one pages; the moments behind them
/// stand still.
std::int64_t open_key(const Facts& facts, Sort sort) {
  switch (sort) {
    case Sort::opened_at:
      return facts.opened.time_since_epoch().count();
    case Sort::age:
      return -facts.opened.time_since_epoch().count();
    case Sort::idle:
      return -facts.last_active.time_since_epoch().count();
    case Sort::bytes_in:
      return static_cast<std::int64_t>(facts.bytes_in);
    case Sort::bytes_out:
      return static_cast<std::int64_t>(facts.bytes_out);
    default:
      return 0;
  }
}

std::int64_t tcp_key(const std::optional<TcpRow>& tcp, Sort sort) {
  if (!tcp) return -1;
  return sort == Sort::rtt ? tcp->rtt_us : tcp->retransmits;
}

std::int64_t open_key(const Connection& connection, const std::optional<TcpRow>& tcp, Sort sort) {
  if (sort == Sort::rtt || sort == Sort::retransmits) return tcp_key(tcp, sort);
  if (sort == Sort::state) return static_cast<std::int64_t>(connection.state());
  return open_key(connection.facts(), sort);
}

/// Of one that has ended age and idle time are what they were at its end.
std::int64_t closed_key(const Facts& facts, Sort sort) {
  switch (sort) {
    case Sort::age:
      return Duration{facts.close.at - facts.opened}.count();
    case Sort::idle:
      return Duration{facts.close.at - facts.last_active}.count();
    case Sort::closed_at:
      return facts.close.at.time_since_epoch().count();
    default:
      return open_key(facts, sort);
  }
}

std::int64_t closed_key(const History::Entry& entry, const ListTerms& terms) {
  const auto sort = terms.query.sort;
  if (sort == Sort::rtt || sort == Sort::retransmits) return tcp_key(entry.tcp, sort);
  if (sort == Sort::state) return static_cast<std::int64_t>(state_of(entry, terms.time, *terms.held));
  return closed_key(entry.facts, sort);
}

bool comes_before(const ListPlace& left, const ListPlace& right, bool descending) {
  const auto order = std::pair{left.key, left.id} <=> std::pair{right.key, right.id};
  return descending ? order > 0 : order < 0;
}

constexpr ConnectionId kAfterAll{std::numeric_limits<std::uint64_t>::max()};

/// A cursor says which order it belongs to: the keys of another mean nothing here.
char letter_of(Sort sort) {
  constexpr std::string_view kLetters = "ioadrtcsuR";
  return kLetters.at(static_cast<std::size_t>(sort));
}

std::string cursor_text(const ListPlace& place, Sort sort) {
  return fmt::format("{}{}.{}", letter_of(sort), place.key, place.id);
}

Result<std::optional<ListPlace>> parse_cursor(const std::string& text, Sort sort) {
  if (text.empty()) return std::nullopt;
  ListPlace place;
  const char* const end = text.data() + text.size();
  const auto [dot, key_error] = std::from_chars(text.data() + 1, end, place.key);
  if (text.front() == letter_of(sort) && key_error == std::errc{} && dot != end && *dot == '.') {
    const auto [stop, id_error] = std::from_chars(dot + 1, end, place.id);
    if (id_error == std::errc{} && stop == end) return place;
  }
  return fail(Errc::invalid_argument,
              fmt::format("cursor '{}': not one that `next` answered in this order", text));
}

bool closed_in_range(const Facts& facts, const ConnectionQuery& query) {
  const CloseFacts& close = facts.close;
  if (query.reason && close.reason != query.reason) return false;
  if (query.first && close.first != query.first) return false;
  if (query.how && close.how != *query.how) return false;
  if (!query.since && !query.until) return true;
  const WallTime at = close_row(facts).at;
  return (!query.since || at >= *query.since) && (!query.until || at < *query.until);
}

bool belongs(const History::Entry& entry, const ListTerms& terms) {
  const auto& query = terms.query;
  return matches(entry.facts, query, entry.facts.close.at) && closed_in_range(entry.facts, query) &&
         (!query.state || tcp::text(state_of(entry, terms.time, *terms.held)) == *query.state) &&
         matches(entry.local, query) && matches(entry.tcp, query);
}

/// As `belongs`; `tcp` is what was read for it, where the order needs it too.
bool belongs(const Connection& connection, const ListTerms& terms, std::optional<TcpRow>& tcp) {
  const auto& query = terms.query;
  if (!matches(connection.facts(), query, terms.time)) return false;
  if (query.state && tcp::text(connection.state()) != *query.state) return false;
  if (wants_local(query) && !matches(connection.local(), query)) return false;
  if (!wants_tcp(query)) return true;
  tcp = connection.tcp();
  return matches(tcp, query);
}

/// The entry with this number of all that there ever were; null if it is gone.
const History::Entry* entry_at(const History& history, std::uint64_t number) {
  const bool is_here = number >= history.dropped() && number - history.dropped() < history.entries().size();
  return is_here ? &history.entries()[number - history.dropped()] : nullptr;
}

constexpr std::size_t kUnlooked = 64;  // connections between two looks at the clock

}  // namespace

bool belongs(const Connection& connection, const ListTerms& terms) {
  std::optional<TcpRow> tcp;
  return belongs(connection, terms, tcp);
}

Duration slice_time(const ListTerms& terms, Instant time) {
  constexpr Duration kShortest = std::chrono::microseconds{50};
  constexpr Duration kLongest = std::chrono::milliseconds{5};
  return std::clamp(Duration{time - terms.time} / 100, kShortest, kLongest);
}

Result<PageSearch> PageSearch::begin(ListTermsPtr terms) {
  const auto after = parse_cursor(terms->query.cursor, terms->query.sort);
  if (!after) return tl::make_unexpected(after.error());
  return PageSearch{std::move(terms), *after};
}

bool PageSearch::is_by_id() const {
  return terms_->of == ListTerms::Of::open && terms_->query.sort == Sort::id && !terms_->query.has_filter();
}

bool PageSearch::look(const Worker& worker, Duration most) {
  if (is_by_id()) {
    take_by_id(worker);
    return false;
  }
  const auto is_over = [until = now() + most, looks = std::size_t{0}]() mutable {
    return ++looks % kUnlooked == 0 && now() >= until;
  };
  return terms_->of == ListTerms::Of::open ? look_at_open(worker, is_over) : look_at_history(worker, is_over);
}

/// Without a filter, in the order of ids, nobody needs to be looked at but who is on the page.
void PageSearch::take_by_id(const Worker& worker) {
  const auto& all = worker.connections();
  total_ = all.size();
  const auto take = [&](const auto& entries) {
    for (const auto& [id, connection] : entries) {
      if (best_.size() > terms_->query.limit) return;
      if (connection) keep({0, static_cast<std::uint64_t>(id), 0});
    }
  };
  if (terms_->query.descending) {
    take(all.below(after_ ? ConnectionId{after_->id} : kAfterAll) | std::views::reverse);
  } else {
    take(all.above(after_ ? ConnectionId{after_->id} : ConnectionId{}));
  }
}

template <class IsOver>
bool PageSearch::look_at_open(const Worker& worker, IsOver is_over) {
  for (const auto& [id, connection] : worker.connections().above(ConnectionId{reached_})) {
    if (is_over()) return true;
    reached_ = static_cast<std::uint64_t>(id);
    std::optional<TcpRow> tcp;
    if (connection && belongs(*connection, *terms_, tcp))
      add({open_key(*connection, tcp, terms_->query.sort), reached_, 0});
  }
  return false;
}

template <class IsOver>
bool PageSearch::look_at_history(const Worker& worker, IsOver is_over) {
  const History& history = worker.history();
  reached_ = std::max(reached_, history.dropped());
  while (const History::Entry* const entry = entry_at(history, reached_)) {
    if (is_over()) return true;
    if (belongs(*entry, *terms_)) {
      add({closed_key(*entry, *terms_), static_cast<std::uint64_t>(entry->facts.id), reached_});
    }
    ++reached_;
  }
  return false;
}

void PageSearch::add(const ListPlace& place) {
  ++total_;
  if (!after_ || comes_before(*after_, place, terms_->query.descending)) keep(place);
}

void PageSearch::keep(const ListPlace& place) {
  const auto before = [this](const ListPlace& left, const ListPlace& right) {
    return comes_before(left, right, terms_->query.descending);
  };
  if (best_.size() > terms_->query.limit) {
    if (!before(place, best_.front())) return;
    std::ranges::pop_heap(best_, before);
    best_.pop_back();
  }
  best_.push_back(place);
  std::ranges::push_heap(best_, before);
}

FoundPlaces first_of(std::vector<ListPlace> places, const ConnectionQuery& query) {
  FoundPlaces found{std::move(places), {}};
  std::ranges::sort(found.places, [&](const ListPlace& left, const ListPlace& right) {
    return comes_before(left, right, query.descending);
  });
  if (found.places.size() > query.limit) {
    found.places.resize(query.limit);
    if (!found.places.empty()) found.next = cursor_text(found.places.back(), query.sort);
  }
  return found;
}

std::vector<std::optional<ConnectionRow>> rows_at(const Worker& worker, const ListTerms& terms,
                                                  std::span<const ListPlace> places) {
  std::vector<std::optional<ConnectionRow>> rows(places.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (terms.of == ListTerms::Of::open) {
      const Connection* const connection = worker.connections().find(ConnectionId{places[i].id});
      if (connection != nullptr && belongs(*connection, terms)) rows[i] = connection->row();
    } else if (const auto* const entry = entry_at(worker.history(), places[i].entry)) {
      rows[i] = to_row(*entry, terms.time, *terms.held);
    }
  }
  return rows;
}

}  // namespace tcpctl
