// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"

namespace tcpctl::test {

/// The options of a service or of other keys, from a piece of TOML: `Options{"greeting = 'hi'",
/// keys}.reader()`.
///
/// Keeps the tree and the key table that a reader looks into; it must outlive its readers.
class Options {
 public:
  Options(std::string_view toml, std::span<const config::Key> keys);
  /// The keys below a prefix, as the app adds them: "steps[]" makes `[[steps]]` of them.
  Options(std::string_view toml, std::string_view prefix, std::span<const config::Key> keys);
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;

  /// All of it. What the key table refuses fails the test.
  [[nodiscard]] config::OptionReader reader() const;
  /// What is wrong with the TOML, without the places: "unknown key 'x'; did you mean 'y'?".
  [[nodiscard]] std::vector<std::string> mistakes() const;

 private:
  config::KeyTable keys_;
  config::Node root_;
  config::Mistakes mistakes_;
};

/// The texts of `mistakes`, without their places.
[[nodiscard]] std::vector<std::string> whats(const config::Mistakes& mistakes);

}  // namespace tcpctl::test
