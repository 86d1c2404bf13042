// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "api/reply.hpp"
#include "api/schema.hpp"
#include "base/units.hpp"
#include "stats/events.hpp"
#include "stats/snapshot.hpp"

namespace tcpctl::api {

inline constexpr Duration kLongestDrain = std::chrono::hours{24};

/// The query parameters of one request, decoded; each at most once.
using Query = std::map<std::string, std::string, std::less<>>;

/// Refuses parameters that `route` does not take, with the nearest that it takes.
[[nodiscard]] std::optional<Problem> check_names(const Query& query, const Route& route);

/// Values out of a query; a missing one is the default. Problems are 400 and name the parameter.
[[nodiscard]] Checked<std::uint64_t> number(const Query& query, std::string_view name, std::uint64_t fallback,
                                            std::uint64_t min, std::uint64_t max);
[[nodiscard]] std::optional<std::string> text(const Query& query, std::string_view name);
/// true or false; a missing one is false.
[[nodiscard]] Checked<bool> flag(const Query& query, std::string_view name);
/// How long a drain takes, at most kLongestDrain.
[[nodiscard]] Checked<std::optional<Duration>> drain_time(const Query& query);

/// limit, cursor, sort and the filters of connections; with `closed` also those of the history, whose
/// default order is the last first. `how` is left alone unless `closed`: in DELETE it says how to end.
[[nodiscard]] Checked<ConnectionQuery> connection_query(const Query& query, bool closed);

/// What is asked of the events.
struct EventQuery {
  EventFilter filter;
  std::optional<std::uint64_t> since;  // none: the last ones
  std::size_t limit{100};
};
[[nodiscard]] Checked<EventQuery> event_query(const Query& query);

/// A page of a short list that is sorted by name: limit, cursor (the last name seen) and sort=name|-name.
struct NamePage {
  std::size_t limit{100};
  std::string after;
  bool descending{false};
};
[[nodiscard]] Checked<NamePage> name_page(const Query& query);

/// The spelling of the contract for any case and for the spellings of ss(8): "estab" -> "ESTABLISHED".
[[nodiscard]] std::optional<std::string> normal_state(std::string_view text);

/// RFC 3339 with any offset. A blank is taken for the '+' that a query makes of it.
[[nodiscard]] std::optional<WallTime> parse_rfc3339(std::string_view text);

}  // namespace tcpctl::api
