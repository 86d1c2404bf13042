// SPDX-License-Identifier: Apache-2.0
#include "ctl/filter.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "base/clock.hpp"
#include "base/units.hpp"
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
          {"--older-than", "DURATION", "only open for longer: 90s, 5m, 1h30m"},
          {"--min-bytes", "SIZE", "only with at least so much traffic, both ways together: 64KiB, 1MB"}};
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

std::vector<Option> paging_options() {
  return {{"--sort", "FIELD",
           "id, opened_at, age, idle, bytes_in, bytes_out, closed_at; '-FIELD' descends: --sort=-age"},
          {"--limit", "N", "only the first N; default: all"}};
}

Answer<Query> filter_query(const Arguments& arguments) {
  Query query;
  auto options = history_filters();
  options.push_back(paging_options().front());
  for (const auto& option : options) {
    const auto text = arguments.get(option.key());
    if (!text) continue;
    const auto value = value_of(option.key(), *text);
    if (!value) return tl::make_unexpected(value.error());
    query.add(parameter_of(option.key()), *value);
  }
  return query;
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
