// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/node.hpp"
#include "ctl/config_file.hpp"
#include "ctl/exit.hpp"
#include "ctl/object_kind.hpp"

namespace tcpctl::ctl {

/// The configuration of one listener or client, or a change of it, as a file and the words of a command line
/// say it; with the way back from a mistake to what brought it.
///
/// Words win over the file. Errors of all that takes: usage for a word, failed for a file, each told in one
/// line.
class ObjectConfig {
 public:
  explicit ObjectConfig(const ObjectKind& kind) : kind_{kind} {}

  /// The text of `file`: TOML, or JSON where it begins with '{'. It is the table of the object itself, or
  /// declares this one object, as a file of the daemon does. To be taken first.
  [[nodiscard]] Answer<void> take_file(const std::string& file, std::string_view text);
  /// What `option` was given, each time.
  [[nodiscard]] Answer<void> take_option(const KeyOption& option, const std::vector<std::string>& values);
  /// "KEY=VALUE": dots in KEY as in TOML, VALUE as in TOML, and a text where it is no TOML. "KEY=" takes the
  /// key away.
  [[nodiscard]] Answer<void> take_word(std::string_view word);
  /// Takes the key `key` away.
  [[nodiscard]] Answer<void> take_away(std::string_view key);

  /// What the file calls the object; "" if it does not.
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bool is_empty() const;
  /// A key that was taken away; "" if none was.
  [[nodiscard]] const std::string& taken_away() const { return taken_away_; }
  [[nodiscard]] std::string json() const;

  /// A mistake that the daemon found at `pointer`, as a line for stderr: at its place in the file, else under
  /// the option that brought it.
  [[nodiscard]] std::string mistake(std::string_view pointer, const std::string& detail) const;

 private:
  struct Brought {
    std::string pointer;
    std::string option;  // "" for a word, whose key every detail names
  };
  [[nodiscard]] Answer<void> find_object(const std::string& file);
  [[nodiscard]] Answer<void> put(std::string_view key, config::Node value, const std::string& option);

  const ObjectKind& kind_;
  config::Node root_{config::Node::Table{}, {}};
  std::vector<Brought> brought_;
  std::unique_ptr<ConfigFile> file_;
  std::string in_file_;  // the pointer of the object there
  std::string name_, taken_away_;
};

}  // namespace tcpctl::ctl
