// SPDX-License-Identifier: Apache-2.0
#include "api/query.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.hpp"
#include "base/units.hpp"

namespace tcpctl::api {
namespace {

constexpr std::uint64_t kMaxLimit = 1000;
constexpr std::size_t kMaxCursor = 256;
constexpr std::size_t kMostComparisons = 8;

/// What may stand in a message: short, and harmless on a terminal.
std::string shown(std::string_view text) { return "'" + escaped(as_bytes(text), 64) + "'"; }

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> result;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (end > 0) result.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

tl::unexpected<Problem> wrong(std::string_view name, const std::string& why) {
  return refuse(400, fmt::format("query parameter '{}': {}", name, why));
}

/// `value` is none of `allowed`; says which there are, and the nearest.
std::string not_one_of(std::string_view value, const std::vector<std::string>& allowed) {
  if (const auto meant = nearest(value, allowed)) {
    return fmt::format("{} is unknown; did you mean '{}'?", shown(value), *meant);
  }
  return fmt::format("{} is none of {}", shown(value), fmt::join(allowed, ", "));
}

template <class T>
tl::unexpected<Problem> pass_on(std::string_view name, const Result<T>& result) {
  return wrong(name, escaped(as_bytes(result.error().what)));
}

Checked<std::uint64_t> bytes(std::string_view name, const std::string& value) {
  std::uint64_t plain = 0;
  const auto [stop, error] = std::from_chars(value.data(), value.data() + value.size(), plain);
  if (error == std::errc{} && stop == value.data() + value.size()) return plain;
  const auto size = parse_size(value);
  if (!size) return pass_on(name, size);
  return size->count();
}

struct SortKey {
  std::string_view name;
  ConnectionQuery::Sort sort;
};
constexpr std::array kSortKeys{SortKey{"id", ConnectionQuery::Sort::id},
                               SortKey{"opened_at", ConnectionQuery::Sort::opened_at},
                               SortKey{"age", ConnectionQuery::Sort::age},
                               SortKey{"idle", ConnectionQuery::Sort::idle},
                               SortKey{"bytes_in", ConnectionQuery::Sort::bytes_in},
                               SortKey{"bytes_out", ConnectionQuery::Sort::bytes_out},
                               SortKey{"closed_at", ConnectionQuery::Sort::closed_at},
                               SortKey{"state", ConnectionQuery::Sort::state},
                               SortKey{"rtt", ConnectionQuery::Sort::rtt},
                               SortKey{"retransmits", ConnectionQuery::Sort::retransmits}};

std::optional<Problem> read_sort(const Query& query, bool closed, ConnectionQuery& into) {
  if (closed) {
    into.sort = ConnectionQuery::Sort::closed_at;
    into.descending = true;
  }
  const auto written = text(query, "sort");
  if (!written) return std::nullopt;
  const std::string_view name = std::string_view{*written}.substr(written->starts_with('-') ? 1 : 0);
  std::vector<std::string> allowed;
  for (const auto& key : kSortKeys) {
    if (key.sort == ConnectionQuery::Sort::closed_at && !closed) continue;
    allowed.emplace_back(key.name);
    if (key.name != name) continue;
    into.sort = key.sort;
    into.descending = written->starts_with('-');
    return std::nullopt;
  }
  return wrong("sort", not_one_of(name, allowed)).value();
}

/// Reads `name` with `parse`, which answers an optional; `allowed` is for the message.
template <class T, class Parse>
std::optional<Problem> read_word(const Query& query, std::string_view name, Parse parse,
                                 const std::vector<std::string>& allowed, std::optional<T>& into) {
  const auto written = text(query, name);
  if (!written) return std::nullopt;
  into = parse(*written);
  if (into) return std::nullopt;
  return wrong(name, not_one_of(*written, allowed)).value();
}

#define X(name) #name,
const std::vector<std::string> kReasonWords{TCPCTL_REASONS(X)};
#undef X
const std::vector<std::string> kStateWords{"SYN_SENT",   "SYN_RCVD",   "ESTABLISHED", "FIN_WAIT_1",
                                           "FIN_WAIT_2", "CLOSE_WAIT", "CLOSING",     "LAST_ACK",
                                           "TIME_WAIT",  "CLOSED",     "LISTEN"};

#define X(name) #name,
const std::vector<std::string> kEventWords{TCPCTL_EVENTS(X)};
#undef X

std::optional<Problem> read_direction(const Query& query, std::optional<Direction>& into) {
  return read_word(query, "direction", parse_direction, {"inbound", "outbound"}, into);
}

std::optional<Problem> read_network(const Query& query, std::string_view name, std::optional<Network>& into) {
  const auto written = text(query, name);
  if (!written) return std::nullopt;
  const auto network = parse_network(*written);
  if (!network) return pass_on(name, network).value();
  into = *network;
  return std::nullopt;
}

std::optional<Problem> read_comparisons(const Query& query, std::vector<Comparison>& into) {
  const auto written = text(query, "where");
  if (!written) return std::nullopt;
  for (std::string_view rest = *written;;) {
    const auto comma = std::min(rest.find(','), rest.size());
    const auto comparison = parse_comparison(rest.substr(0, comma));
    if (!comparison) return pass_on("where", comparison).value();
    if (into.size() == kMostComparisons)
      return wrong("where", fmt::format("more than {} comparisons", kMostComparisons)).value();
    into.push_back(*comparison);
    if (comma == rest.size()) return std::nullopt;
    rest.remove_prefix(comma + 1);
  }
}

std::optional<Problem> read_kinds(const Query& query, EventFilter& into) {
  const auto written = text(query, "type");
  if (!written) return std::nullopt;
  for (std::string_view rest = *written;;) {
    const auto comma = std::min(rest.find(','), rest.size());
    const auto word = rest.substr(0, comma);
    const auto kind = parse_event_kind(word);
    if (!kind) return wrong("type", not_one_of(word, kEventWords)).value();
    into.want(*kind);
    if (comma == rest.size()) return std::nullopt;
    rest.remove_prefix(comma + 1);
  }
}

std::optional<Problem> read_filters(const Query& query, ConnectionQuery& into) {
  into.listener = text(query, "listener");
  into.client = text(query, "client");
  into.service = text(query, "service");
  if (auto bad = read_word(query, "state", normal_state, kStateWords, into.state)) return bad;
  if (auto bad = read_direction(query, into.direction)) return bad;
  if (auto bad = read_network(query, "peer", into.peer)) return bad;
  if (auto bad = read_network(query, "local", into.local)) return bad;
  if (auto bad = read_comparisons(query, into.where)) return bad;
  if (const auto age = text(query, "older_than")) {
    const auto duration = parse_duration(*age);
    if (!duration) return pass_on("older_than", duration).value();
    into.older_than = *duration;
  }
  if (const auto size = text(query, "min_bytes")) {
    const auto count = bytes("min_bytes", *size);
    if (!count) return count.error();
    into.min_bytes = *count;
  }
  return std::nullopt;
}

std::optional<Problem> read_time(const Query& query, std::string_view name, std::optional<WallTime>& into) {
  const auto written = text(query, name);
  if (!written) return std::nullopt;
  into = parse_rfc3339(*written);
  if (into) return std::nullopt;
  return wrong(name, shown(*written) + " is no RFC 3339 time such as 2026-11-22T13:47:41Z").value();
}

std::optional<Problem> read_history_filters(const Query& query, ConnectionQuery& into) {
  if (auto bad = read_word(query, "reason", parse_reason, kReasonWords, into.reason)) return bad;
  if (auto bad = read_word(query, "first", parse_first, {"local", "remote", "unknown"}, into.first))
    return bad;
  if (auto bad = read_word(query, "how", parse_how, {"fin", "rst", "timeout", "abort"}, into.how)) return bad;
  if (auto bad = read_time(query, "since", into.since)) return bad;
  return read_time(query, "until", into.until);
}

Checked<std::string> cursor(const Query& query) {
  auto written = text(query, "cursor").value_or("");
  const bool sound = written.size() <= kMaxCursor &&
                     std::ranges::all_of(written, [](char c) { return c > 0x20 && c < 0x7f; });
  if (!sound) return wrong("cursor", "this is not what `next` was");
  return written;
}

}  // namespace

std::optional<Problem> check_names(const Query& query, const Route& route) {
  const auto allowed = words(route.query);
  for (const auto& [name, value] : query) {
    if (std::ranges::count(allowed, name) > 0) continue;
    const auto meant = nearest(name, allowed);
    std::string detail = fmt::format("unknown query parameter {}", shown(name));
    if (meant) {
      detail += fmt::format("; did you mean '{}'?", *meant);
    } else {
      detail +=
          allowed.empty() ? "; this takes none" : fmt::format("; this takes {}", fmt::join(allowed, ", "));
    }
    return Problem{400, detail, {}};
  }
  return std::nullopt;
}

Checked<bool> flag(const Query& query, std::string_view name) {
  const auto word = text(query, name);
  if (!word || *word == "false") return false;
  if (*word == "true") return true;
  return refuse(400, fmt::format("query parameter '{}' is true or false", name));
}

Checked<std::optional<Duration>> drain_time(const Query& query) {
  const auto written = text(query, "drain");
  if (!written) return std::nullopt;
  const auto time = parse_duration(*written);
  if (!time || *time > kLongestDrain)
    return refuse(400, "query parameter 'drain' is a duration of at most 24h: 30s, 0s");
  return *time;
}

std::optional<std::string> text(const Query& query, std::string_view name) {
  const auto found = query.find(name);
  if (found == query.end()) return std::nullopt;
  return found->second;
}

Checked<std::uint64_t> number(const Query& query, std::string_view name, std::uint64_t fallback,
                              std::uint64_t min, std::uint64_t max) {
  const auto written = text(query, name);
  if (!written) return fallback;
  std::uint64_t value = 0;
  const char* const end = written->data() + written->size();
  const auto [stop, error] = std::from_chars(written->data(), end, value);
  if (error != std::errc{} || stop != end || value < min || value > max) {
    return wrong(name, fmt::format("{} is not a number {} .. {}", shown(*written), min, max));
  }
  return value;
}

Checked<ConnectionQuery> connection_query(const Query& query, bool closed) {
  ConnectionQuery result;
  const auto limit = number(query, "limit", result.limit, 1, kMaxLimit);
  if (!limit) return tl::make_unexpected(limit.error());
  result.limit = *limit;
  const auto from = cursor(query);
  if (!from) return tl::make_unexpected(from.error());
  result.cursor = *from;
  if (auto bad = read_sort(query, closed, result)) return tl::make_unexpected(std::move(*bad));
  if (auto bad = read_filters(query, result)) return tl::make_unexpected(std::move(*bad));
  if (closed) {
    if (auto bad = read_history_filters(query, result)) return tl::make_unexpected(std::move(*bad));
  }
  return result;
}

Checked<EventQuery> event_query(const Query& query) {
  EventQuery result;
  const auto limit = number(query, "limit", result.limit, 1, kMaxLimit);
  if (!limit) return tl::make_unexpected(limit.error());
  result.limit = *limit;
  if (query.contains("since")) {
    const auto since = number(query, "since", 0, 0, UINT64_MAX);
    if (!since) return tl::make_unexpected(since.error());
    result.since = *since;
  }
  EventFilter& filter = result.filter;
  if (auto bad = read_kinds(query, filter)) return tl::make_unexpected(std::move(*bad));
  filter.listener = text(query, "listener");
  filter.client = text(query, "client");
  if (auto bad = read_direction(query, filter.direction)) return tl::make_unexpected(std::move(*bad));
  if (auto bad = read_network(query, "peer", filter.peer)) return tl::make_unexpected(std::move(*bad));
  return result;
}

Checked<NamePage> name_page(const Query& query) {
  NamePage page;
  const auto limit = number(query, "limit", page.limit, 1, kMaxLimit);
  if (!limit) return tl::make_unexpected(limit.error());
  page.limit = *limit;
  const auto from = cursor(query);
  if (!from) return tl::make_unexpected(from.error());
  if (!from->empty() && !is_name(*from)) return wrong("cursor", "this is not what `next` was");
  page.after = *from;
  if (const auto sort = text(query, "sort")) {
    if (*sort != "name" && *sort != "-name") return wrong("sort", not_one_of(*sort, {"name", "-name"}));
    page.descending = *sort == "-name";
  }
  return page;
}

std::optional<std::string> normal_state(std::string_view written) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kOther{{{"ESTAB", "ESTABLISHED"},
                                                                                 {"SYN_RECV", "SYN_RCVD"},
                                                                                 {"FIN_WAIT1", "FIN_WAIT_1"},
                                                                                 {"FIN_WAIT2", "FIN_WAIT_2"},
                                                                                 {"CLOSE", "CLOSED"},
                                                                                 {"UNCONN", "CLOSED"},
                                                                                 {"LISTENING", "LISTEN"}}};
  std::string name{written};
  for (auto& c : name) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (c == '-') c = '_';
  }
  for (const auto& [other, usual] : kOther) {
    if (name == other) name = usual;
  }
  if (std::ranges::count(kStateWords, name) == 0) return std::nullopt;
  return name;
}

}  // namespace tcpctl::api
