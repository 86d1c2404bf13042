// SPDX-License-Identifier: Apache-2.0
#include "ctl/base64.hpp"

#include <cstdint>

namespace tcpctl::ctl {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const auto left = bytes.size() - at;
    const auto byte = [&](std::size_t n) {
      return n < left ? static_cast<unsigned char>(bytes[at + n]) : 0U;
    };
    const std::uint32_t group = (byte(0) << 16U) | (byte(1) << 8U) | byte(2);
    out += kAlphabet[(group >> 18U) & 63U];
    out += kAlphabet[(group >> 12U) & 63U];
    out += left > 1 ? kAlphabet[(group >> 6U) & 63U] : '=';
    out += left > 2 ? kAlphabet[group & 63U] : '=';
  }
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  std::string out;
  out.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool pad = at >= text.size() - padding;
    const auto digit = pad ? 0 : kAlphabet.find(text[at]);
    if (digit == std::string_view::npos) return std::nullopt;
    group = (group << 6U) | static_cast<std::uint32_t>(digit);
    if (at % 4 != 3) continue;
    out += static_cast<char>((group >> 16U) & 0xFFU);
    out += static_cast<char>((group >> 8U) & 0xFFU);
    out += static_cast<char>(group & 0xFFU);
    group = 0;
  }
  for (std::size_t i = 0; i < padding; ++i) out.pop_back();
  return out;
}

}  // namespace tcpctl::ctl
