// SPDX-License-Identifier: Apache-2.0
// What `tcpctl listener add|set` makes of a file and of KEY=VALUE: always JSON that reads back as the same,
// and every pointer into it leads somewhere.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "ctl/json.hpp"
#include "ctl/object_config.hpp"

namespace {

using namespace tcpctl::ctl;

void require(bool holds) {
  if (!holds) std::abort();
}

void judge(const ObjectConfig& config) {
  const auto json = Json::parse(config.json());
  require(json && json->is_object());
  require(config.is_empty() == json->members().empty());
  for (const auto& [key, value] : json->members()) require(!config.mistake("/" + key, "x").empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  ObjectConfig words{listener_kind()};
  for (auto rest = text; !rest.empty();) {  // a word a line
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (const auto taken = words.take_word(line); !taken) require(!taken.error().line.empty());
    judge(words);
  }
  ObjectConfig file{listener_kind()};
  if (file.take_file("a.toml", text)) judge(file);
  return 0;
}
