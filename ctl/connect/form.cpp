// SPDX-License-Identifier: Apache-2.0
#include "ctl/connect/form.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "base/text.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl {
namespace {

constexpr std::size_t kDumped = 16;  // bytes a line

std::optional<unsigned> digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10U;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10U;
  return std::nullopt;
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/// How many bytes a character that begins with `first` has; 1 for what begins none.
std::size_t length_of(unsigned char first) {
  if (first >= 0xF0U && first <= 0xF4U) return 4;
  if (first >= 0xE0U && first < 0xF0U) return 3;
  return first >= 0xC2U && first < 0xE0U ? 2 : 1;
}

/// How many bytes at the end of `text` the next piece may make whole: of a character, or the CR of CR LF.
std::size_t unfinished(std::string_view text) {
  if (text.ends_with('\r')) return 1;
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xC0U) == 0x80U) continue;  // goes on with one that began before
    return length_of(byte) > back ? back : 0;
  }
  return 0;
}

}  // namespace

Result<std::string> InputForm::take(std::string_view given) {
  switch (kind_) {
    case Kind::crlf:
      return with_crlf(given);
    case Kind::hex:
      return from_hex(given);
    case Kind::plain:
      break;
  }
  return std::string{given};
}

std::string InputForm::with_crlf(std::string_view given) {
  std::string bytes;
  bytes.reserve(given.size() + given.size() / 16);
  for (const char c : given) {
    if (c == '\n' && !after_cr_) bytes += '\r';
    bytes += c;
    after_cr_ = c == '\r';
  }
  return bytes;
}

Result<std::string> InputForm::from_hex(std::string_view given) {
  std::string bytes;
  auto half = half_;
  auto line = line_;
  const auto refused = [&](const std::string& what) {
    half_.reset();
    line_ += static_cast<std::uint64_t>(std::ranges::count(given, '\n'));
    return fail(Errc::invalid_argument, fmt::format("line {}: {}", line, what));
  };
  for (const char c : given) {
    const auto value = digit(c);
    if (!value && !is_blank(c))
      return refused(fmt::format("'{}' is no hex digit; write bytes like '0d 0a'", escaped({&c, 1})));
    if (!value && half) return refused("half a byte stands alone; write two digits for each");
    if (c == '\n') ++line;
    if (!value) continue;
    if (half) bytes += static_cast<char>(*half * 16U + *value);
    half = half ? std::nullopt : value;
  }
  half_ = half;
  line_ = line;
  return bytes;
}

Result<void> InputForm::end() const {
  if (!half_) return {};
  return fail(Errc::invalid_argument, fmt::format("line {}: half a byte is left at the end", line_));
}

std::string OutputForm::take(std::string_view received) {
  switch (kind_) {
    case Kind::terminal:
      return for_terminal(received);
    case Kind::hex:
      return dump(received);
    case Kind::raw:
      break;
  }
  return std::string{received};
}

std::string OutputForm::for_terminal(std::string_view received) {
  const auto text = kept_.append(received);
  const auto whole = std::string_view{text}.substr(0, text.size() - unfinished(text));
  kept_ = text.substr(whole.size());
  std::string lines;
  lines.reserve(whole.size());
  for (std::size_t at = 0; at < whole.size(); ++at) {
    if (whole[at] != '\r' || at + 1 == whole.size() || whole[at + 1] != '\n') lines += whole[at];
  }
  return safe_lines(lines);
}

// In pieces as they come, so that a line may have fewer bytes than there is room for.
std::string OutputForm::dump(std::string_view received) {
  std::string text;
  while (!received.empty()) {
    const auto row = received.substr(0, kDumped);
    fmt::format_to(std::back_inserter(text), "{:08x} ", offset_);
    for (std::size_t at = 0; at < kDumped; ++at) {
      if (at % 8 == 0) text += ' ';
      if (at < row.size()) {
        fmt::format_to(std::back_inserter(text), "{:02x} ", static_cast<unsigned char>(row[at]));
      } else {
        text += "   ";
      }
    }
    text += " |";
    for (const char c : row) text += c >= ' ' && c <= '~' ? c : '.';
    text += "|\n";
    offset_ += row.size();
    received.remove_prefix(row.size());
  }
  return text;
}

std::string OutputForm::end() { return safe_lines(std::exchange(kept_, {})); }

}  // namespace tcpctl::ctl
