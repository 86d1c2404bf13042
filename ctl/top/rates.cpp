// SPDX-License-Identifier: Apache-2.0
#include "ctl/top/rates.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tcpctl::ctl::top {

void Rates::take(const std::vector<Json>& rows, std::string_view name, std::string_view in,
                 std::string_view out, Instant at) {
  std::map<std::string, Entry> now;
  for (const auto& row : rows) {
    const auto key = name.empty() ? std::string{} : row.text(name).value_or("");
    const auto found = entries_.find(key);
    Entry entry;
    if (found != entries_.end()) entry = std::move(found->second);
    const auto count_in = row.number(in).value_or(0);
    const auto count_out = row.number(out).value_or(0);
    const auto seconds = std::chrono::duration<double>(at - entry.at).count();
    const bool goes_on =
        entry.at != Instant{} && seconds > 0 && count_in >= entry.in && count_out >= entry.out;
    entry.rate = goes_on ? Rate{(count_in - entry.in) / seconds, (count_out - entry.out) / seconds} : Rate{};
    entry.sums.push_back(goes_on ? std::optional{*entry.rate.in + *entry.rate.out} : std::nullopt);
    if (entry.sums.size() > kKept) entry.sums.pop_front();
    entry.in = count_in;
    entry.out = count_out;
    entry.at = at;
    now.insert_or_assign(key, std::move(entry));
  }
  entries_ = std::move(now);
}

Rates::Rate Rates::of(const std::string& name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? Rate{} : found->second.rate;
}

std::vector<std::optional<double>> Rates::latest(const std::string& name, std::size_t most) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return {};
  std::vector<std::optional<double>> known;
  for (const auto& sum : found->second.sums) {
    if (sum) known.push_back(sum);
  }
  known.erase(known.begin(), known.end() - static_cast<std::ptrdiff_t>(std::min(most, known.size())));
  return known;
}

}  // namespace tcpctl::ctl::top
