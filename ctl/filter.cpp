// SPDX-License-Identifier: Apache-2.0
#include "ctl/filter.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <string_view>

#include "base/clock.hpp"
#include "base/units.hpp"
#include "ctl/filter_words.hpp"
#include "ctl/format.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl {
namespace {

tl::unexpected<Failure> bad(const std::string& option, const std::string& why) {
  return refuse(Exit::usage, option + ": " + safe(why));
}

/// "10m" is that long ago; else an RFC 3339 time.
Answer<std::string> moment_of(const std::string& option, const std::string& text) {
  if (const auto ago = parse_duration(text)) {
    return rfc3339(wall_now() - std::chrono::duration_cast<std::chrono::microseconds>(*ago));
  }
  if (const auto time = parse_time(text)) return rfc3339(*time);
  return bad(option, "'" + text + "' is no time; write '10m' (ago) or '2026-11-22T13:00:00Z'");
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// A bare number of bytes is clear enough for a command line.
Answer<std::string> size_of(const std::string& option, const std::string& text) {
  auto written = all_digits(text) ? text + "B" : text;
  if (const auto size = parse_size(written); !size) return bad(option, size.error().what);
  return written;
}

Answer<std::string> age_of(const std::string& option, const std::string& text) {
  if (const auto age = parse_duration(text); !age) return bad(option, age.error().what);
  return text;
}

Answer<std::string> value_of(const std::string& option, const std::string& text) {
  if (option == "--since" || option == "--until") return moment_of(option, text);
  if (option == "--min-bytes") return size_of(option, text);
  if (option == "--older-than") return age_of(option, text);
  return text;
}

/// "--older-than" -> "older_than".
std::string parameter_of(std::string option) {
  option.erase(0, 2);
  std::replace(option.begin(), option.end(), '-', '_');
  return option;
}

}  // namespace

std::vector<Option> connection_filters() {
  return {{"--listener", "NAME", "only of this listener"},
          {"--client", "NAME", "only of this client"},
          {"--service", "NAME", "only of this service"},
          {"--state", "STATE", "only in this TCP state: ESTABLISHED, close-wait, estab ..."},
          {"--direction", "inbound|outbound", "only of this direction"},
          {"--peer", "ADDRESS|NETWORK", "only with this peer: 10.0.0.7, 10.0.0.0/8"},
          {"--local", "ADDRESS|NETWORK", "only with this address on our side"},
          {"--older-than", "DURATION", "only open for longer: 90s, 5m, 1h30m"},
          {"--min-bytes", "SIZE", "only with at least so much traffic, both ways together: 64KiB, 1MB"},
          {"--filter", "COMPARISON",
           "only where it holds: 'rtt>50ms', 'retransmits>0', 'idle>=1m'; see tcpctl(1)", true}};
}

std::vector<Option> history_filters() {
  auto options = connection_filters();
  options.push_back({"--reason", "REASON", "only ended for this reason: peer_fin, idle_timeout ..."});
  options.push_back({"--first", "local|remote|unknown", "only where this side's FIN or RST came first"});
  options.push_back({"--how", "fin|rst|timeout|abort", "only ended so"});
  options.push_back({"--since", "TIME", "only ended at or after: 10m (ago), 2026-11-22T13:00:00Z"});
  options.push_back({"--until", "TIME", "only ended before"});
  return options;
}

Positional filter_positional() {
  return {"FILTER", "as in ss: state ESTABLISHED listener web 'rtt>50ms' dst 10.0.0.0/8 sport = :443",
          Positional::Count::any};
}

Answer<Query> filter_query(const Arguments& arguments) {
  auto values = parse_filter_words(arguments.all("FILTER"));
  if (!values) return tl::make_unexpected(values.error());
  for (const auto& option : history_filters()) {
    if (option.key() == "--filter") continue;
    const auto text = arguments.get(option.key());
    if (!text) continue;
    if (!values->emplace(parameter_of(option.key()), *text).second)
      return bad(option.key(), "the words before name it already; write it once");
  }
  for (const auto& comparison : arguments.all("--filter")) {
    auto& where = (*values)["where"];
    where += (where.empty() ? "" : ",") + comparison;
  }
  Query query;
  for (const auto& option : history_filters()) {
    const auto name = option.key() == "--filter" ? "where" : parameter_of(option.key());
    const auto written = values->find(name);
    if (written == values->end()) continue;
    const auto value = value_of(option.key(), written->second);
    if (!value) return tl::make_unexpected(value.error());
    query.add(name, *value);
  }
  return query;
}

std::optional<std::string> order_of_daemon(const std::string& sort) {
  static const std::map<std::string, std::string> kOrders{{"id", "id"},
                                                          {"age", "age"},
                                                          {"idle", "idle"},
                                                          {"in", "bytes_in"},
                                                          {"out", "bytes_out"},
                                                          {"bytes-in", "bytes_in"},
                                                          {"bytes-out", "bytes_out"},
                                                          {"opened", "opened_at"},
                                                          {"opened-at", "opened_at"},
                                                          {"closed", "closed_at"},
                                                          {"closed-at", "closed_at"},
                                                          {"lasted", "age"},
                                                          {"state", "state"},
                                                          {"rtt", "rtt"},
                                                          {"retrans", "retransmits"},
                                                          {"retransmits", "retransmits"}};
  const bool descending = sort.starts_with('-');
  auto name = sort.substr(descending ? 1 : 0);
  for (auto& c : name) c = c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const auto found = kOrders.find(name);
  if (found == kOrders.end()) return std::nullopt;
  return (descending ? "-" : "") + found->second;
}

Answer<std::uint64_t> row_limit(const Arguments& arguments) {
  const auto text = arguments.get("--limit");
  if (!text) return kAllRows;
  std::uint64_t limit = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
  if (error != std::errc{} || end != text->data() + text->size() || limit == 0) {
    return bad("--limit", "'" + *text + "' is no number from 1 on");
  }
  return limit;
}

}  // namespace tcpctl::ctl
