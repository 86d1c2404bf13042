// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <optional>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "config/config.hpp"

namespace tcpctl::config {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestFile = std::size_t{16} << 20;

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
  void read(const fs::path& file) {
    const auto order = ++files_;
    const auto text = read_text(file);
    if (!text) {
      mistakes_.push_back(about_file(file, order, "cannot be read: " + text.error()));
      return;
    }
    auto parsed = parse_toml(*text, file.string(), order);
    if (!parsed) {
      mistakes_.insert(mistakes_.end(), parsed.error().begin(), parsed.error().end());
    } else if (order == 1) {
      root_ = *std::move(parsed);
    } else {
      merge(root_, *std::move(parsed), 0);
    }
  }

  void read_folder(const fs::path& folder) {
    if (folder.empty()) return;
    std::error_code error;
    std::vector<fs::path> files;
    // Editors leave hidden files behind while they work: they are not meant.
    for (fs::directory_iterator it{folder, error}, end; !error && it != end; it.increment(error)) {
      const auto& path = it->path();
      if (path.extension() == ".toml" && !path.filename().string().starts_with('.')) files.push_back(path);
    }
    if (error && error != std::errc::no_such_file_or_directory) {
      mistakes_.push_back(about_file(folder, ++files_, "cannot be read: " + error.message()));
    }
    std::sort(files.begin(), files.end());
    for (const auto& file : files) read(file);
  }

  [[nodiscard]] Checked<Node> take() {
    if (!mistakes_.empty()) return tl::make_unexpected(std::move(mistakes_));
    return std::move(root_);
  }

 private:
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

  Node root_{Node::Table{}, {}};
  std::uint32_t files_{0};
  Mistakes mistakes_;
};

}  // namespace

Checked<Node> read_files(const fs::path& file, const fs::path& state_conf_d) {
  Reader reader;
  reader.read(file);
  const auto beside = file.parent_path() / "conf.d";
  reader.read_folder(beside);
  std::error_code error;
  if (!fs::equivalent(beside, state_conf_d, error)) reader.read_folder(state_conf_d);
  return reader.take();
}

}  // namespace tcpctl::config
