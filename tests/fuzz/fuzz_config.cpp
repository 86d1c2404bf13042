// SPDX-License-Identifier: Apache-2.0
// Whole configurations, TOML or (from a '{' on) JSON. What is taken is taken as JSON too and is no change;
// what is refused says so in lines.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "config/keys.hpp"

namespace {

using namespace tcpctl;
using namespace tcpctl::config;

void require(bool holds) {
  if (!holds) std::abort();
}

void require_lines(const Mistakes& mistakes) {
  require(!mistakes.empty());
  for (const auto& mistake : mistakes) {
    require(!mistake.what.empty());
    require(mistake.text().find('\n') == std::string::npos);
  }
}

void require_same_as_json(const Config& config) {
  const auto& keys = test::all_keys();
  auto root = parse_json(to_json(config.root, keys, "", false));
  require(root.has_value());
  const auto again = build(*std::move(root), keys);
  require(again.has_value());
  const auto diff = difference(config, *again, keys);
  require(diff.added.empty() && diff.changed.empty() && diff.removed.empty());
  require(diff.kept.size() == config.listeners.size() + config.clients.size());
  require(parse_json(to_json(config.root, keys, "", true)).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  auto root = input.starts_with('{') ? parse_json(input) : parse_toml(input, "fuzz.toml");
  if (!root) {
    require_lines(root.error());
    return 0;
  }
  const auto config = build(*std::move(root), test::all_keys());
  if (config) {
    require_same_as_json(*config);
  } else {
    require_lines(config.error());
  }
  return 0;
}
