// SPDX-License-Identifier: Apache-2.0
#include "connections/listing.hpp"

#include <algorithm>
#include <charconv>
#include <compare>
#include <iterator>
#include <limits>
#include <ranges>
#include <utility>

#include <fmt/format.h>

#include "connections/connection.hpp"

namespace tcpctl {
namespace {

/// Where a row stands in the order asked for: its sort key, then its id, so that no two stand at one place.
struct Position {
  std::int64_t key;
  std::uint64_t id;
  friend auto operator<=>(const Position&, const Position&) = default;
};

/// What a row can be sorted by. Ages and idle times grow while one pages; the moments behind them stand
/// still.
struct Sortable {
  WallTime opened, last_active;
  std::uint64_t bytes_in, bytes_out;
  std::optional<WallTime> closed;
};

WallTime moment(WallTime opened, Duration later) {
  return std::chrono::floor<std::chrono::microseconds>(opened + later);
}

Sortable sortable(const ConnectionRow& row) {
  return {row.opened_at, moment(row.opened_at, row.age - row.idle), row.bytes_in, row.bytes_out,
          row.close ? std::optional{row.close->at} : std::nullopt};
}

Sortable sortable(const Facts& facts) {
  const bool is_closed = facts.close.at != Instant{};
  return {facts.opened_wall, moment(facts.opened_wall, facts.last_active - facts.opened), facts.bytes_in,
          facts.bytes_out, is_closed ? std::optional{close_row(facts).at} : std::nullopt};
}

std::int64_t sort_key(const Sortable& item, ConnectionQuery::Sort sort) {
  switch (sort) {
    case ConnectionQuery::Sort::id:
      return 0;
    case ConnectionQuery::Sort::opened_at:
      return item.opened.time_since_epoch().count();
    case ConnectionQuery::Sort::age:
      return -item.opened.time_since_epoch().count();
    case ConnectionQuery::Sort::idle:
      return -item.last_active.time_since_epoch().count();
    case ConnectionQuery::Sort::bytes_in:
      return static_cast<std::int64_t>(item.bytes_in);
    case ConnectionQuery::Sort::bytes_out:
      return static_cast<std::int64_t>(item.bytes_out);
    case ConnectionQuery::Sort::closed_at:
      return item.closed ? item.closed->time_since_epoch().count() : 0;
  }
  return 0;
}

bool comes_before(const Position& left, const Position& right, bool descending) {
  return descending ? right < left : left < right;
}

constexpr ConnectionId kAfterAll{std::numeric_limits<std::uint64_t>::max()};

std::string cursor_text(const Position& position) { return fmt::format("{}.{}", position.key, position.id); }

Result<std::optional<Position>> parse_cursor(const std::string& text) {
  if (text.empty()) return std::nullopt;
  Position position{};
  const char* const end = text.data() + text.size();
  const auto [dot, key_error] = std::from_chars(text.data(), end, position.key);
  if (key_error == std::errc{} && dot != end && *dot == '.') {
    const auto [stop, id_error] = std::from_chars(dot + 1, end, position.id);
    if (id_error == std::errc{} && stop == end) return position;
  }
  return fail(Errc::invalid_argument, "cursor '" + text + "': not one that `next` answered");
}

/// Without a filter, in the order of ids, nobody needs to be looked at but who is on the page.
ConnectionPage page_by_id(const Worker& worker, const ConnectionQuery& query,
                          const std::optional<Position>& after) {
  const auto& all = worker.connections();
  ConnectionPage page{{}, all.size(), {}};
  const auto fill = [&](const auto& entries) {
    for (const auto& [id, connection] : entries) {
      if (!connection) continue;
      if (page.items.size() == query.limit) {
        if (!page.items.empty())
          page.next = cursor_text({0, static_cast<std::uint64_t>(page.items.back().id)});
        return;
      }
      page.items.push_back(connection->row());
    }
  };
  if (query.descending) {
    fill(all.below(after ? ConnectionId{after->id} : kAfterAll) | std::views::reverse);
  } else {
    fill(all.above(after ? ConnectionId{after->id} : ConnectionId{}));
  }
  return page;
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

template <class Item>
struct Candidate {
  Position position;
  const Item* item;
};

template <class Item>
ConnectionPage page_of(std::vector<Candidate<Item>> candidates, std::uint64_t total,
                       const ConnectionQuery& query, const auto& row_of) {
  const auto count = std::min(candidates.size(), query.limit + 1);
  const auto before = [&](const auto& left, const auto& right) {
    return comes_before(left.position, right.position, query.descending);
  };
  std::ranges::partial_sort(candidates, candidates.begin() + static_cast<std::ptrdiff_t>(count), before);
  ConnectionPage page{{}, total, {}};
  for (std::size_t i = 0; i < std::min(count, query.limit); ++i) {
    page.items.push_back(row_of(*candidates[i].item));
  }
  if (count > query.limit) page.next = cursor_text(candidates[query.limit - 1].position);
  return page;
}

/// Collects what matches and stands behind the cursor.
template <class Item>
class Collector {
 public:
  Collector(const ConnectionQuery& query, std::optional<Position> after) : query_{query}, after_{after} {}

  void add(const Facts& facts, const Item& item) {
    ++total_;
    const Position position{sort_key(sortable(facts), query_.sort), static_cast<std::uint64_t>(facts.id)};
    if (after_ && !comes_before(*after_, position, query_.descending)) return;
    candidates_.push_back({position, &item});
  }
  [[nodiscard]] ConnectionPage page(const auto& row_of) {
    return page_of(std::move(candidates_), total_, query_, row_of);
  }

 private:
  const ConnectionQuery& query_;
  const std::optional<Position> after_;
  std::uint64_t total_{0};
  std::vector<Candidate<Item>> candidates_;
};

}  // namespace

bool matches(const Facts& facts, const ConnectionQuery& query, Instant now) {
  const bool is_listener = facts.owner->kind == Owner::Kind::listener;
  if (query.listener && (!is_listener || facts.owner->name != *query.listener)) return false;
  if (query.client && (is_listener || facts.owner->name != *query.client)) return false;
  if (query.service && facts.owner->service != *query.service) return false;
  if (query.direction && facts.direction != *query.direction) return false;
  if (query.peer && !query.peer->contains(facts.remote) && !query.peer->contains(facts.source()))
    return false;
  if (query.older_than && now - facts.opened < *query.older_than) return false;
  return !query.min_bytes || facts.bytes_in + facts.bytes_out >= *query.min_bytes;
}

Result<ConnectionPage> open_page(const Worker& worker, const ConnectionQuery& query) {
  const auto after = parse_cursor(query.cursor);
  if (!after) return tl::make_unexpected(after.error());
  if (query.sort == ConnectionQuery::Sort::id && !query.has_filter())
    return page_by_id(worker, query, *after);
  const Instant time = now();
  Collector<Connection> collector{query, *after};
  for (const auto& [id, connection] : worker.connections()) {
    if (!matches(connection->facts(), query, time)) continue;
    if (query.state && tcp::text(connection->state()) != *query.state) continue;
    collector.add(connection->facts(), *connection);
  }
  return collector.page([](const Connection& connection) { return connection.row(); });
}

Result<ConnectionPage> history_page(const Worker& worker, const ConnectionQuery& query,
                                    const tcp::ClosingSockets& held) {
  const auto after = parse_cursor(query.cursor);
  if (!after) return tl::make_unexpected(after.error());
  const Instant time = now();
  Collector<History::Entry> collector{query, *after};
  for (const auto& entry : worker.history().entries()) {
    if (!matches(entry.facts, query, time) || !closed_in_range(entry.facts, query)) continue;
    if (query.state && tcp::text(state_of(entry, time, held)) != *query.state) continue;
    collector.add(entry.facts, entry);
  }
  return collector.page([&](const History::Entry& entry) { return to_row(entry, time, held); });
}

ConnectionPage merge(std::vector<ConnectionPage> pages, const ConnectionQuery& query) {
  ConnectionPage whole{{}, 0, {}};
  bool more = false;
  for (auto& page : pages) {
    whole.total += page.total;
    more = more || !page.next.empty();
    std::ranges::move(page.items, std::back_inserter(whole.items));
  }
  const auto position = [&](const ConnectionRow& row) {
    return Position{sort_key(sortable(row), query.sort), static_cast<std::uint64_t>(row.id)};
  };
  std::ranges::sort(whole.items, [&](const ConnectionRow& left, const ConnectionRow& right) {
    return comes_before(position(left), position(right), query.descending);
  });
  if (whole.items.size() > query.limit) {
    whole.items.resize(query.limit);
    more = true;
  }
  if (more && !whole.items.empty()) whole.next = cursor_text(position(whole.items.back()));
  return whole;
}

}  // namespace tcpctl
