// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ctl/json.hpp"

namespace tcpctl::ctl {

/// A configuration file as the API takes it, with the way back from a JSON pointer to file:line:column.
class ConfigFile {
 public:
  /// TOML; JSON if it begins with '{', or its name ends in ".json". The mistakes of its syntax are in
  /// `mistakes`.
  ConfigFile(std::string name, std::string_view text);
  ~ConfigFile();
  ConfigFile(const ConfigFile&) = delete;
  ConfigFile& operator=(const ConfigFile&) = delete;

  [[nodiscard]] const std::vector<std::string>& mistakes() const { return mistakes_; }
  [[nodiscard]] const std::string& json() const { return json_; }
  /// "web.toml:3:1" for "/listeners/web/listen", or the name and the pointer where lines are not known.
  /// With `at_key` the place of the key instead of its value.
  [[nodiscard]] std::string place(std::string_view pointer, bool at_key = false) const;

 private:
  struct Tree;
  std::string name_;
  std::string json_;
  std::vector<std::string> mistakes_;
  std::unique_ptr<Tree> tree_;  // null for JSON
};

/// Whether `detail` of the daemon finds fault with a key itself, not with its value.
[[nodiscard]] inline bool is_of_key(std::string_view detail) { return detail.starts_with("unknown key '"); }

}  // namespace tcpctl::ctl
