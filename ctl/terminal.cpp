// SPDX-License-Identifier: Apache-2.0
#include "ctl/terminal.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

namespace tcpctl::ctl {
namespace {

constexpr char32_t kInvalid = 0xFFFFFFFF;

struct Character {
  char32_t code;       // kInvalid: one byte that is no UTF-8
  std::size_t length;  // in bytes, at least 1
};

bool continues(unsigned char byte) { return (byte & 0xC0U) == 0x80U; }

/// The first character of `text`, which is not empty. Source: RFC 3629, so overlong forms and surrogates are
/// invalid.
Character decode(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char first = byte(0);
  if (first < 0x80U) return {first, 1};
  const std::size_t length = first >= 0xF0U ? 4 : first >= 0xE0U ? 3 : 2;
  if (first < 0xC2U || first > 0xF4U || text.size() < length) return {kInvalid, 1};
  char32_t code = first & (0xFFU >> (length + 1));
  for (std::size_t at = 1; at < length; ++at) {
    if (!continues(byte(at))) return {kInvalid, 1};
    code = (code << 6U) | (byte(at) & 0x3FU);
  }
  constexpr std::array<char32_t, 5> kSmallest{0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code < kSmallest[length] || surrogate || code > 0x10FFFF) return {kInvalid, 1};
  return {code, length};
}

struct Range {
  char32_t first, last;
};

template <std::size_t N>
bool within(const std::array<Range, N>& ranges, char32_t code) {
  const auto after = std::upper_bound(ranges.begin(), ranges.end(), code,
                                      [](char32_t value, const Range& range) { return value < range.first; });
  return after != ranges.begin() && code <= std::prev(after)->last;
}

/// What a terminal or a reader takes for a command: C0, DEL, C1, and the invisible and direction-turning
/// ones.
constexpr std::array<Range, 9> kSteering{{{0x00, 0x1F},
                                          {0x7F, 0x9F},
                                          {0xAD, 0xAD},
                                          {0x061C, 0x061C},
                                          {0x200B, 0x200F},
                                          {0x2028, 0x202E},
                                          {0x2060, 0x206F},
                                          {0xFEFF, 0xFEFF},
                                          {0xE0000, 0xE007F}}};

/// Combining marks; the blocks that occur in practice. Source: Unicode 15, categories Mn and Me.
constexpr std::array<Range, 18> kZeroWidth{{{0x0300, 0x036F},
                                            {0x0483, 0x0489},
                                            {0x0591, 0x05BD},
                                            {0x0610, 0x061A},
                                            {0x064B, 0x065F},
                                            {0x06D6, 0x06DC},
                                            {0x0900, 0x0902},
                                            {0x093C, 0x093C},
                                            {0x0941, 0x0948},
                                            {0x0E31, 0x0E31},
                                            {0x0E34, 0x0E3A},
                                            {0x0E47, 0x0E4E},
                                            {0x1AB0, 0x1AFF},
                                            {0x1DC0, 0x1DFF},
                                            {0x20D0, 0x20FF},
                                            {0xFE00, 0xFE0F},
                                            {0xFE20, 0xFE2F},
                                            {0xE0100, 0xE01EF}}};

/// Source: Unicode 15 EastAsianWidth, W and F, and the emoji blocks.
constexpr std::array<Range, 14> kDoubleWidth{{{0x1100, 0x115F},
                                              {0x231A, 0x231B},
                                              {0x2329, 0x232A},
                                              {0x23E9, 0x23EC},
                                              {0x2E80, 0x303E},
                                              {0x3041, 0xA4CF},
                                              {0xA960, 0xA97C},
                                              {0xAC00, 0xD7A3},
                                              {0xF900, 0xFAFF},
                                              {0xFE30, 0xFE6F},
                                              {0xFF00, 0xFF60},
                                              {0xFFE0, 0xFFE6},
                                              {0x1F300, 0x1FAFF},
                                              {0x20000, 0x3FFFD}}};

std::size_t width_of(char32_t code) {
  if (within(kZeroWidth, code)) return 0;
  return within(kDoubleWidth, code) ? 2 : 1;
}

std::string escape(char32_t code, unsigned char byte) {
  if (code == U'\n') return "\\n";
  if (code == U'\t') return "\\t";
  if (code == U'\r') return "\\r";
  std::array<char, 16> text{};
  if (code == kInvalid || code <= 0x7F) {
    std::snprintf(text.data(), text.size(), "\\x%02x", static_cast<unsigned>(byte));
  } else {
    std::snprintf(text.data(), text.size(), "\\u{%04x}", static_cast<unsigned>(code));
  }
  return text.data();
}

std::string safe_except(std::string_view text, std::string_view kept) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto [code, length] = decode(text);
    const bool keeps = kept.find(text.front()) != std::string_view::npos;
    if (!keeps && (code == kInvalid || within(kSteering, code))) {
      out += escape(code, static_cast<unsigned char>(text.front()));
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return out;
}

void append_json_escape(std::string& out, char32_t code) {
  std::array<char, 16> text{};
  if (code > 0xFFFF) {
    const auto low = static_cast<unsigned>(code - 0x10000);
    std::snprintf(text.data(), text.size(), "\\u%04x\\u%04x", 0xD800U + (low >> 10U),
                  0xDC00U + (low & 0x3FFU));
  } else {
    std::snprintf(text.data(), text.size(), "\\u%04x", static_cast<unsigned>(code));
  }
  out += text.data();
}

void append_toml_escape(std::string& out, char32_t code) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), code > 0xFFFF ? "\\U%08X" : "\\u%04X", static_cast<unsigned>(code));
  out += text.data();
}

/// `text` with escapes of `append`, for a language that escapes what is below 0x20 inside its strings itself.
std::string safe_with(std::string_view text, void (*append)(std::string& out, char32_t code)) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto [code, length] = decode(text);
    // Below 0x20 only the white space between the values is left.
    if (code == kInvalid) {
      append(out, U'\uFFFD');
    } else if (code >= 0x20 && within(kSteering, code)) {
      append(out, code);
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace

std::string safe(std::string_view text) { return safe_except(text, ""); }

std::string safe_lines(std::string_view text) { return safe_except(text, "\n\t"); }

std::string safe_json(std::string_view text) { return safe_with(text, &append_json_escape); }

std::string safe_toml(std::string_view text) { return safe_with(text, &append_toml_escape); }

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const auto [code, length] = decode(text);
    width += width_of(code);
    text.remove_prefix(length);
  }
  return width;
}

std::string shorten(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string{text};
  if (width == 0) return {};
  std::string out;
  std::size_t used = 0;
  while (!text.empty()) {
    const auto [code, length] = decode(text);
    used += width_of(code);
    if (used > width - 1) break;
    out += text.substr(0, length);
    text.remove_prefix(length);
  }
  return out + "…";
}

}  // namespace tcpctl::ctl
