// SPDX-License-Identifier: Apache-2.0
#include "tcp/netstat.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "base/text.hpp"

namespace tcpctl::tcp {
namespace {

constexpr std::string_view kTitle = "TcpExt:";
constexpr std::size_t kMostBytes = 64 * 1024;  // it has some 4 KiB

/// Takes what stands before the next `separator`, or all, off the front of `rest`.
std::string_view take_until(std::string_view& rest, char separator) {
  const auto end = std::min(rest.find(separator), rest.size());
  const auto taken = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return taken;
}

/// The next word of a line; empty at its end.
std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  return take_until(line, ' ');
}

std::optional<std::uint64_t> number(std::string_view word) {
  std::uint64_t value = 0;
  const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || stop != word.data() + word.size()) return std::nullopt;
  return value;
}

/// The number that stands in `values` where `name` stands in `names`.
std::optional<std::uint64_t> value_of(std::string_view name, std::string_view names,
                                      std::string_view values) {
  for (auto word = take_word(names); !word.empty(); word = take_word(names)) {
    const auto value = take_word(values);
    if (word == name) return number(value);
  }
  return std::nullopt;
}

}  // namespace

Result<ListenLosses> parse_netstat(std::string_view text) {
  std::string_view names;
  while (!text.empty()) {
    auto line = take_until(text, '\n');
    if (take_word(line) != kTitle) continue;
    if (names.empty()) {
      names = line;
      continue;
    }
    const auto overflows = value_of("ListenOverflows", names, line);
    const auto drops = value_of("ListenDrops", names, line);
    if (!overflows || !drops)
      return fail(Errc::invalid_argument, "the kernel counts no ListenOverflows and ListenDrops");
    return ListenLosses{*overflows, *drops};
  }
  return fail(Errc::invalid_argument, "no pair of lines 'TcpExt:'");
}

Result<ListenLosses> read_listen_losses(const char* path) {
  const Fd file{::open(path, O_RDONLY | O_CLOEXEC)};
  if (!file) return fail(Errc::io, std::string{path} + ": " + errno_text(errno));
  std::string text;
  std::array<char, 8192> part{};
  while (text.size() < kMostBytes) {
    const ssize_t got = ::read(file.get(), part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(Errc::io, std::string{path} + ": " + errno_text(errno));
    if (got == 0) break;
    text.append(part.data(), static_cast<std::size_t>(got));
  }
  auto losses = parse_netstat(text);
  if (!losses) return tl::make_unexpected(std::move(losses).error().within(path));
  return losses;
}

}  // namespace tcpctl::tcp
