// SPDX-License-Identifier: Apache-2.0
#include "arguments.hpp"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace tcpctl::bench {

Arguments::Arguments(int argc, const char* const* argv, std::map<std::string, std::string> defaults,
                     std::string_view usage)
    : values_{std::move(defaults)}, usage_{usage} {
  if (argc < 2) refuse("the mode is missing");
  word_ = argv[1];
  for (int i = 2; i < argc; i += 2) {
    const std::string_view key{argv[i]};
    const auto value = key.starts_with("--") ? values_.find(std::string{key.substr(2)}) : values_.end();
    if (value == values_.end()) refuse("unknown option '" + std::string{key} + "'");
    if (i + 1 == argc) refuse("option '" + std::string{key} + "' needs a value");
    value->second = argv[i + 1];
  }
}

const std::string& Arguments::text(const std::string& key) const { return values_.at(key); }

std::uint64_t Arguments::number(const std::string& key) const {
  const std::string& value = text(key);
  std::uint64_t parsed = 0;
  const char* const end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, parsed);
  if (error != std::errc{} || stop != end) refuse("--" + key + " takes a whole number, not '" + value + "'");
  return parsed;
}

void Arguments::refuse(const std::string& problem) const {
  std::fprintf(stderr, "%s\n%s", problem.c_str(), usage_.c_str());
  std::exit(2);
}

}  // namespace tcpctl::bench
