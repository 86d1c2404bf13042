// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

#include "config/config.hpp"
#include "steps/steps.hpp"

namespace tcpctl::test {

/// The steps of a TOML list, "[{ expect = \"^220 \" }]", checked as the daemon checks them.
[[nodiscard]] inline tl::expected<Steps, config::Mistakes> read_steps(const std::string& list) {
  config::KeyTable keys;
  keys.add("probe", step_keys());
  const auto root = config::parse_toml("[probe]\nsteps = " + list + "\n", "test.toml");
  if (!root) return tl::make_unexpected(root.error());
  const auto& table = *root->find("probe");
  if (auto mistakes = config::check(table, keys, "probe"); !mistakes.empty()) {
    return tl::make_unexpected(std::move(mistakes));
  }
  return parse_steps({table, keys, "probe"});
}

/// The same; throws, so that the test fails, if they are wrong.
[[nodiscard]] inline Steps steps(const std::string& list) {
  auto read = read_steps(list);
  if (!read) throw std::invalid_argument{read.error().front().text()};
  return *std::move(read);
}

}  // namespace tcpctl::test
