// SPDX-License-Identifier: Apache-2.0
#include "config/files.hpp"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.hpp"

namespace tcpctl::config {
namespace {

namespace fs = std::filesystem;

Mistake about_file(const fs::path& file, std::uint32_t order, std::string what) {
  Place place;
  place.file = std::make_shared<const std::string>(file.string());
  place.order = order;
  return {std::move(place), std::move(what)};
}

/// The text of a regular file; what is wrong as the words of the error.
tl::expected<std::string, std::string> read_text(const fs::path& file) {
  // Not blocking: a pipe in conf.d must not hang the daemon.
  const Fd fd{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat status{};
  if (!fd || ::fstat(fd.get(), &status) != 0) return tl::make_unexpected(errno_text(errno));
  if (!S_ISREG(status.st_mode)) return tl::make_unexpected(std::string{"not a regular file"});
  std::string text;
  std::string chunk(std::size_t{64} << 10, '\0');
  while (true) {
    const auto count = ::read(fd.get(), chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return tl::make_unexpected(errno_text(errno));
    if (count == 0) return text;
    text.append(chunk, 0, static_cast<std::size_t>(count));
    if (text.size() > kLargestFile) return tl::make_unexpected(std::string{"larger than 16 MiB"});
  }
}

/// Merges files into one tree.
class Reader {
 public:
  Reader(fs::path state_conf_d, const FilesWin& win) : state_{std::move(state_conf_d)}, win_{win} {}

  void read(const fs::path& file) {
    auto parsed = parse(file);
    if (!parsed) return;
    if (files_ == 1) {
      files_read_.root = *std::move(parsed);
    } else {
      merge(files_read_.root, *std::move(parsed), 0);
    }
  }

  void read_folders(const fs::path& beside) {
    std::error_code error;
    const bool is_one = fs::equivalent(beside, state_, error);
    read_folder(beside, is_one);
    if (!is_one && !state_.empty()) read_folder(state_, true);
    if (!saved_file_.empty()) read_saved();
  }

  [[nodiscard]] Checked<Files> take() {
    if (!mistakes_.empty()) return tl::make_unexpected(std::move(mistakes_));
    return std::move(files_read_);
  }

 private:
  void add(Mistakes mistakes) { std::move(mistakes.begin(), mistakes.end(), std::back_inserter(mistakes_)); }

  std::optional<Node> parse(const fs::path& file) {
    const auto order = ++files_;
    const auto text = read_text(file);
    if (!text) {
      mistakes_.push_back(about_file(file, order, "cannot be read: " + text.error()));
      return std::nullopt;
    }
    auto parsed = parse_toml(*text, file.string(), order);
    if (parsed) return *std::move(parsed);
    add(std::move(parsed).error());
    return std::nullopt;
  }

  void read_folder(const fs::path& folder, bool is_state) {
    std::error_code error;
    std::vector<fs::path> files;
    // Editors leave hidden files behind while they work: they are not meant.
    for (fs::directory_iterator it{folder, error}, end; !error && it != end; it.increment(error)) {
      const auto& path = it->path();
      if (path.extension() != ".toml" || path.filename().string().starts_with('.')) continue;
      if (is_state && path.filename() == kSavedFile) {
        saved_file_ = path;
      } else {
        files.push_back(path);
      }
    }
    if (error && error != std::errc::no_such_file_or_directory) {
      mistakes_.push_back(about_file(folder, ++files_, "cannot be read: " + error.message()));
    }
    std::sort(files.begin(), files.end());
    for (const auto& file : files) read(file);
  }

  void read_saved() {
    auto parsed = parse(saved_file_);
    if (!parsed) return;
    auto saved = take_saved(*std::move(parsed));
    if (!saved) {
      add(std::move(saved).error());
      return;
    }
    files_read_.saved = *std::move(saved);
    Node rest = files_read_.saved.rest;
    for (const auto& name : files_read_.saved.removes) overrule(name, true, rest);
    // Those of `replaces`, and what another file came to declare only later.
    for (const auto& name : objects_of(files_read_.saved.rest)) overrule(name, false, rest);
    merge(files_read_.root, std::move(rest), 0);
  }

  /// Makes room for what is saved of `name`, or takes that out of `rest`.
  void overrule(const std::string& name, bool removed, Node& rest) {
    Node& root = files_read_.root;
    const Node* const declared = find_declared(root, name);
    if (declared == nullptr) return;  // the administrator took it out
    const bool file_won = win_.all || win_.objects.contains(name);
    files_read_.overruled.push_back({name, *declared, removed, file_won});
    take_declared(file_won ? rest : root, name);
  }

  void merge(Node& into, Node from, std::size_t depth) {
    auto* table = std::get_if<Node::Table>(&into.value());
    auto* added = std::get_if<Node::Table>(&from.value());
    if (table == nullptr || added == nullptr) {
      into = std::move(from);
      return;
    }
    for (auto& [key, node] : *added) {
      const auto found = table->find(key);
      if (found == table->end()) {
        table->emplace(key, std::move(node));
      } else if (depth == 1 && declares_objects(into)) {
        declared_twice(found->second, node);
      } else {
        merge(found->second, std::move(node), depth + 1);
      }
    }
  }

  static bool declares_objects(const Node& table) {
    return table.place().pointer == "/listeners" || table.place().pointer == "/clients";
  }

  void declared_twice(const Node& first, const Node& second) {
    const auto place = second.key_place();
    mistakes_.push_back({place, fmt::format("{} is declared twice, first at {}; rename or remove one",
                                            place.label(), first.key_place().text())});
  }

  const fs::path state_;
  const FilesWin& win_;
  fs::path saved_file_;  // empty if there is none
  Files files_read_{Node{Node::Table{}, {}}, {}, {}};
  std::uint32_t files_{0};
  Mistakes mistakes_;
};

}  // namespace

Checked<Files> read_files(const fs::path& file, const fs::path& state_conf_d, const FilesWin& win) {
  Reader reader{state_conf_d, win};
  reader.read(file);
  reader.read_folders(file.parent_path() / "conf.d");
  return reader.take();
}

}  // namespace tcpctl::config
