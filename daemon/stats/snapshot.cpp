// SPDX-License-Identifier: Apache-2.0
#include "stats/snapshot.hpp"

#include <charconv>

#include <fmt/compile.h>

namespace tcpctl {
namespace {

constexpr unsigned kSequenceBits = 48;
constexpr std::uint64_t kSequenceMask = (std::uint64_t{1} << kSequenceBits) - 1;

/// Digits without a leading zero, so that one id has one text.
std::optional<std::uint64_t> parse_canonical(std::string_view text, std::uint64_t max) {
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end || value > max) return std::nullopt;
  return value;
}

}  // namespace

std::string id_text(ConnectionId id) {
  const auto value = static_cast<std::uint64_t>(id);
  return fmt::format(FMT_COMPILE("{}-{}"), value >> kSequenceBits, value & kSequenceMask);
}

std::optional<ConnectionId> parse_id(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto worker = parse_canonical(text.substr(0, dash), 0xFFFF);
  const auto sequence = parse_canonical(text.substr(dash + 1), kSequenceMask);
  if (!worker || *worker == 0 || !sequence) return std::nullopt;
  return ConnectionId{(*worker << kSequenceBits) | *sequence};
}

bool ConnectionQuery::has_filter() const {
  return listener || client || service || state || direction || peer || local || !where.empty() ||
         older_than || min_bytes || reason || first || how || since || until;
}

}  // namespace tcpctl
