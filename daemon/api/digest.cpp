// SPDX-License-Identifier: Apache-2.0
#include "api/digest.hpp"

#include <algorithm>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/text.hpp"

namespace tcpctl::api {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

Sha256 sha256(std::string_view bytes) {
  Sha256 digest{};
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
  return digest;
}

bool same_digest(const Sha256& left, const Sha256& right) {
  return CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

std::optional<Sha256> parse_sha256(std::string_view hex) {
  Sha256 digest{};
  if (hex.size() != 2 * digest.size()) return std::nullopt;
  const auto bytes = from_hex(hex);
  if (!bytes || bytes->size() != digest.size()) return std::nullopt;
  std::ranges::transform(*bytes, digest.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
  return digest;
}

std::string to_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto at = [&](std::size_t k) {
      return k < bytes.size() ? static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[k])) : 0U;
    };
    const std::uint32_t triple = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    text += kAlphabet[triple >> 18];
    text += kAlphabet[triple >> 12 & 63];
    text += i + 1 < bytes.size() ? kAlphabet[triple >> 6 & 63] : '=';
    text += i + 2 < bytes.size() ? kAlphabet[triple & 63] : '=';
  }
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    const auto value = kAlphabet.find(c);
    if (value == std::string_view::npos) break;  // padding; whatever else it may be shows below
    bits = (bits << 6 | static_cast<std::uint32_t>(value)) & 0xFFFFFF;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes += static_cast<char>(bits >> held & 0xFF);
  }
  if (to_base64(bytes) != text) return std::nullopt;
  return bytes;
}

}  // namespace tcpctl::api
