// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>

#include "config/config.hpp"

/// A key table as the daemon makes it: the core, and services and steps that look like the real ones.
namespace tcpctl::test {

using config::Applies;
using config::Key;
using config::KeyType;

inline constexpr std::array kServiceKey{Key{.path = "listeners.*.service",
                                            .type = KeyType::choice,
                                            .choices = "echo|dialog|forward",
                                            .required = true,
                                            .help = "What is done with a connection"}};
inline constexpr std::array kDialogKeys{
    Key{.path = "greeting", .type = KeyType::text, .max = 100, .help = "Sent first"},
    Key{.path = "framing", .type = KeyType::choice, .fallback = "line", .choices = "line|read"},
    Key{.path = "max_line", .type = KeyType::size, .fallback = "64KiB", .min = 1, .max = 1'048'576},
};
inline constexpr std::array kForwardKeys{
    Key{.path = "upstreams[]", .type = KeyType::connect_address, .required = true},
    Key{.path = "upstreams[].name", .type = KeyType::name},
    Key{.path = "upstreams[].address", .type = KeyType::connect_address, .required = true},
    Key{.path = "upstreams[].weight",
        .type = KeyType::integer,
        .fallback = "1",
        .min = 1,
        .max = 256,
        .applies = Applies::now},
    Key{.path = "connect_timeout", .type = KeyType::duration, .fallback = "5s", .min = 1'000'000},
    Key{.path = "half_close", .type = KeyType::boolean, .fallback = "true"},
    Key{.path = "proxy_protocol.accept_from", .type = KeyType::network, .list = true},
    Key{.path = "proxy_protocol.send", .type = KeyType::choice, .choices = "v1|v2"},
};
inline constexpr std::array kStepKeys{
    Key{.path = "send", .type = KeyType::text, .secret = true},
    Key{.path = "send_bytes", .type = KeyType::hex, .min = 1, .max = 65'536, .secret = true},
    Key{.path = "expect", .type = KeyType::pattern, .secret = true},
    Key{.path = "expect_eof", .type = KeyType::boolean, .fallback = "false"},
};

inline const config::KeyTable& all_keys() {
  static const config::KeyTable kKeys = [] {
    config::KeyTable keys;
    keys.add("", config::core_keys());
    keys.add("", kServiceKey);
    keys.add("listeners.*.dialog", kDialogKeys);
    keys.add("listeners.*.forward", kForwardKeys);
    keys.add("clients.*.steps[]", kStepKeys);
    return keys;
  }();
  return kKeys;
}

/// The mistakes of `toml` as the user reads them, a line each.
inline std::string mistakes_of(std::string_view toml) {
  auto root = config::parse_toml(toml, "t.toml");
  const auto mistakes = root ? config::check(*root, all_keys(), "") : root.error();
  std::string text;
  for (const auto& mistake : mistakes) text += (text.empty() ? "" : "\n") + mistake.text();
  return text;
}

/// The same for a JSON text at `path`.
inline std::string mistakes_of_json(std::string_view json, std::string_view path = "") {
  auto root = config::parse_json(json);
  const auto mistakes = root ? config::check(*root, all_keys(), path) : root.error();
  std::string text;
  for (const auto& mistake : mistakes) text += (text.empty() ? "" : "\n") + mistake.text();
  return text;
}

/// A configuration that must be right.
inline config::Config configured(std::string_view toml) {
  auto root = config::parse_toml(toml, "t.toml");
  if (!root) throw std::invalid_argument{root.error().front().text()};
  auto config = config::build(*root, all_keys());
  if (!config) throw std::invalid_argument{config.error().front().text()};
  return *std::move(config);
}

}  // namespace tcpctl::test
