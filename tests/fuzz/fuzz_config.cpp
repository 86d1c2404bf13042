// SPDX-License-Identifier: Apache-2.0
// Whole configurations, TOML or (from a '{' on) JSON. What is taken is taken as JSON and as TOML again
// and is no change; what is refused says so in lines.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "config/files.hpp"
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

void require_same(const Config& config, const Checked<Node>& root) {
  const auto& keys = test::all_keys();
  require(root.has_value());
  const auto again = build(*root, keys);
  require(again.has_value());
  const auto diff = difference(config, *again, keys);
  require(diff.added.empty() && diff.changed.empty() && diff.removed.empty());
  require(diff.kept.size() == config.listeners.size() + config.clients.size());
}

void require_same_as_text(const Config& config) {
  const auto& keys = test::all_keys();
  require_same(config, parse_json(to_json(config, keys, false)));
  require_same(config, parse_toml(to_toml(config, keys, false), "again.toml"));
  require(parse_json(to_json(config, keys, true)).has_value());
  require(parse_toml(to_toml(config, keys, true), "redacted.toml").has_value());
}

/// What a hand may have made of saved.toml.
void require_saved(Node root) {
  const auto saved = take_saved(std::move(root));
  if (!saved) {
    require_lines(saved.error());
    return;
  }
  if (!build(saved->rest, test::all_keys())) return;  // no daemon starts on it, and none saves it again
  const auto again = parse_toml(saved->text(), "saved.toml");
  require(again.has_value());
  const auto saved_again = take_saved(*again);
  require(saved_again.has_value() && saved_again->text() == saved->text());  // nan is not equal to itself
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  const bool is_json = input.starts_with('{');
  const auto root = is_json ? parse_json(input) : parse_toml(input, "fuzz.toml");
  if (!root) {
    require_lines(root.error());
    return 0;
  }
  if (!is_json) require_saved(*root);
  const auto config = build(*root, test::all_keys());
  if (config) {
    require_same_as_text(*config);
  } else {
    require_lines(config.error());
  }
  return 0;
}
