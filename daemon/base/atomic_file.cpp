// SPDX-License-Identifier: Apache-2.0
#include "base/atomic_file.hpp"

#include <cerrno>
#include <random>
#include <string>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.hpp"

namespace tcpctl {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEnding = ".unfinished";
constexpr mode_t kFolderMode = 0750;

tl::unexpected<Error> cannot(std::string_view what, const fs::path& path, int error) {
  return fail(Errc::io, fmt::format("cannot {} {}: {}", what, path.string(), errno_text(error)));
}

/// What `system_call` returns, once no signal came in between.
template <class Call>
auto uninterrupted(Call system_call) {
  auto result = system_call();
  while (result < 0 && errno == EINTR) result = system_call();
  return result;
}

/// The entries of some file systems are always on disk; they say EINVAL.
bool sync_folder(int folder) {
  return uninterrupted([folder] { return ::fsync(folder); }) == 0 || errno == EINVAL;
}

Result<void> make_folder(const fs::path& folder) {
  if (::mkdir(folder.c_str(), kFolderMode) != 0) {
    if (errno == EEXIST) return {};
    return cannot("make the folder", folder, errno);
  }
  const auto above = folder.has_parent_path() ? folder.parent_path() : fs::path{"."};
  const Fd fd{::open(above.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!fd || !sync_folder(fd.get())) return cannot("sync", above, errno);
  return {};
}

/// A new file beside the one that is to be written; it goes with this object unless it was put into place.
class Unfinished {
 public:
  Unfinished(const fs::path& path, Fd folder)
      : path_{path}, folder_{std::move(folder)}, stem_{fmt::format(".{}.", path.filename().string())} {}
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  ~Unfinished() {
    if (is_there_) ::unlinkat(folder_.get(), name_.c_str(), 0);
  }

  void remove_leftovers() const {
    std::error_code error;
    for (fs::directory_iterator it{path_.parent_path(), error}, end; !error && it != end;
         it.increment(error)) {
      const auto name = it->path().filename().string();
      if (name.starts_with(stem_) && name.ends_with(kEnding)) ::unlinkat(folder_.get(), name.c_str(), 0);
    }
  }

  [[nodiscard]] Result<void> create() {
    name_ = fmt::format("{}{:08x}{}", stem_, std::random_device{}(), kEnding);
    constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    file_ = Fd{uninterrupted([this] { return ::openat(folder_.get(), name_.c_str(), kFlags, 0600); })};
    is_there_ = static_cast<bool>(file_);
    if (!is_there_) return cannot("write", path_, errno);
    return {};
  }

  [[nodiscard]] Result<void> write(std::string_view text) const {
    while (!text.empty()) {
      const auto count = uninterrupted([&] { return ::write(file_.get(), text.data(), text.size()); });
      if (count < 0) return cannot("write", path_, errno);
      text.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
  }

  [[nodiscard]] Result<void> sync(mode_t mode) const {
    if (::fchmod(file_.get(), mode) != 0) return cannot("set the mode of", path_, errno);
    if (uninterrupted([this] { return ::fsync(file_.get()); }) != 0) return cannot("sync", path_, errno);
    return {};
  }

  [[nodiscard]] Result<void> put_into_place() {
    const auto name = path_.filename();
    if (::renameat(folder_.get(), name_.c_str(), folder_.get(), name.c_str()) != 0)
      return cannot("replace", path_, errno);
    is_there_ = false;
    return {};
  }

  [[nodiscard]] Result<void> sync_place() const {
    if (sync_folder(folder_.get())) return {};
    return fail(Errc::io,
                fmt::format("{} is written, but may be lost in a power cut: cannot sync its folder: {}",
                            path_.string(), errno_text(errno)));
  }

 private:
  const fs::path& path_;
  const Fd folder_;
  const std::string stem_;
  std::string name_;
  Fd file_;
  bool is_there_{false};
};

Result<void> make_folders(const fs::path& folder) {
  std::error_code error;
  const auto above = folder.parent_path();
  if (!above.empty() && !fs::exists(above, error)) {
    if (auto made = make_folder(above); !made) return made;
  }
  return make_folder(folder);
}

}  // namespace

Result<void> write_atomically(const fs::path& path, std::string_view text, mode_t mode,
                              const std::function<void(WriteStep)>& step) {
  const auto folder = path.parent_path();
  if (auto made = make_folders(folder); !made) return made;
  Fd opened{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  if (!opened) {
    const int error = errno;
    std::error_code ignored;
    if (fs::is_symlink(folder, ignored))
      return fail(Errc::io, fmt::format("cannot write into {}: it is a symbolic link", folder.string()));
    return cannot("write into", folder, error);
  }
  Unfinished file{path, std::move(opened)};
  file.remove_leftovers();
  if (auto made = file.create(); !made) return made;
  step(WriteStep::created);
  if (auto written = file.write(text); !written) return written;
  step(WriteStep::written);
  if (auto synced = file.sync(mode); !synced) return synced;
  step(WriteStep::synced);
  if (auto renamed = file.put_into_place(); !renamed) return renamed;
  step(WriteStep::renamed);
  if (auto synced = file.sync_place(); !synced) return synced;
  step(WriteStep::done);
  return {};
}

}  // namespace tcpctl
