// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "ctl/command.hpp"

namespace tcpctl::ctl {

/// An option of `add` and `set` that stands for one key of the configuration.
struct KeyOption {
  /// How its value is written down: a text as it is, a TOML value (a bare word is a text), or a list of
  /// texts, one for each time that the option is given.
  enum class Form { text, value, texts };
  std::string option;  // "--idle-timeout"
  std::string value;   // "DURATION"
  std::string help;
  std::string key;  // "idle_timeout", "forward.upstreams"
  Form form{Form::value};
  [[nodiscard]] Option as_option() const { return {option, value, help, form == Form::texts}; }
};

/// What listeners and clients differ in where they are created, changed and removed.
struct ObjectKind {
  std::string noun;   // "listener"
  std::string table;  // "listeners", in files and in paths of the API
  std::vector<KeyOption> keys;
  std::string example_add, example_set, example_rm;
  bool drains;  // its connections outlive it, and can be told to end
};

[[nodiscard]] const ObjectKind& listener_kind();
[[nodiscard]] const ObjectKind& client_kind();

}  // namespace tcpctl::ctl
