// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"

namespace tcpctl::config {

/// The file in the state folder's conf.d that a save writes. It is the last that is read, and its objects
/// take the place of what other files declare. It alone may have a table [saved], which says of which objects
/// a save knew that, and which are removed though other files declare them.
inline constexpr std::string_view kSavedFile = "saved.toml";

/// In bytes; a larger one is a mistake.
inline constexpr std::size_t kLargestFile = std::size_t{16} << 20;

/// What saved.toml holds. Threads: a plain value.
struct Saved {
  std::set<std::string> replaces, removes;  // "listeners.web"
  Node rest{Node::Table{}, {}};             // the file without [saved]

  /// The file: what stands here, and above it who wrote it.
  [[nodiscard]] std::string text() const;
  friend bool operator==(const Saved&, const Saved&) = default;
};

/// Splits `root`, the tree of a saved.toml, in two. Errors: whatever is wrong with [saved].
[[nodiscard]] Checked<Saved> take_saved(Node root);

/// The object "listeners.web" of a tree; null if it has none.
[[nodiscard]] const Node* find_declared(const Node& root, std::string_view object);
/// All of them: "listeners.web", "clients.feed".
[[nodiscard]] std::vector<std::string> objects_of(const Node& root);
/// Takes it out, and answers what it was; null in value if there was none.
Node take_declared(Node& root, std::string_view object);

/// For which objects the other files win over what saved.toml says of them.
struct FilesWin {
  bool all{false};
  std::set<std::string> objects{};
};

/// What the files say together.
struct Files {
  /// An object that another file declares, and saved.toml replaces or removes.
  struct Overruled {
    std::string name;
    Node declared;
    bool removed;   // else replaced
    bool file_won;  // the declaration holds all the same
  };
  Node root;
  Saved saved;  // whole, whoever won
  std::vector<Overruled> overruled;
};

/// Reads `file`, the `conf.d` beside it and `state_conf_d` (may be empty) into one tree, in this order and
/// each folder by name; a later file's scalars win, a listener or client declared twice is a mistake, unless
/// one of both is saved.toml. A missing `conf.d` is none.
[[nodiscard]] Checked<Files> read_files(const std::filesystem::path& file,
                                        const std::filesystem::path& state_conf_d, const FilesWin& win = {});

}  // namespace tcpctl::config
