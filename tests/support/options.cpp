// SPDX-License-Identifier: Apache-2.0
#include "support/options.hpp"

#include <gtest/gtest.h>

namespace tcpctl::test {

Options::Options(std::string_view toml, std::span<const config::Key> keys) : Options{toml, "", keys} {}

Options::Options(std::string_view toml, std::string_view prefix, std::span<const config::Key> keys) {
  keys_.add(prefix, keys);
  auto parsed = config::parse_toml(toml, "test.toml");
  if (parsed) {
    root_ = *std::move(parsed);
    mistakes_ = config::check(root_, keys_, "");
  } else {
    root_ = config::Node{config::Node::Table{}, {}};
    mistakes_ = std::move(parsed).error();
  }
}

config::OptionReader Options::reader() const {
  for (const auto& mistake : mistakes_) ADD_FAILURE() << mistake.text();
  return {root_, keys_, ""};
}

std::vector<std::string> Options::mistakes() const { return whats(mistakes_); }

std::vector<std::string> whats(const config::Mistakes& mistakes) {
  std::vector<std::string> texts;
  for (const auto& mistake : mistakes) texts.push_back(mistake.what);
  return texts;
}

}  // namespace tcpctl::test
