// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace tcpctl::bench {

/// The command line of the programs of bench/: one word, then `--key value` pairs.
///
/// Every key has a default, which also says that the key exists; any other ends the program with status 2 and
/// `usage`.
class Arguments {
 public:
  Arguments(int argc, const char* const* argv, std::map<std::string, std::string> defaults,
            std::string_view usage);

  [[nodiscard]] const std::string& word() const { return word_; }
  [[nodiscard]] const std::string& text(const std::string& key) const;
  [[nodiscard]] std::uint64_t number(const std::string& key) const;
  [[nodiscard]] bool flag(const std::string& key) const { return number(key) != 0; }

  /// Prints `problem` and the usage, and ends the program with status 2.
  [[noreturn]] void refuse(const std::string& problem) const;

 private:
  std::string word_;
  std::map<std::string, std::string> values_;
  std::string usage_;
};

}  // namespace tcpctl::bench
