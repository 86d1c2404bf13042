// SPDX-License-Identifier: Apache-2.0
#include "base/atomic_file.hpp"

#include <array>
#include <csignal>
#include <fstream>
#include <iterator>
#include <vector>

#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tcpctl {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::array kSteps{WriteStep::created, WriteStep::written, WriteStep::synced, WriteStep::renamed,
                            WriteStep::done};

std::string text_of(const fs::path& file) {
  std::ifstream stream{file};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

class AtomicFile : public testing::Test {
 protected:
  AtomicFile() {
    auto pattern = (fs::temp_directory_path() / "tcpctl-atomic-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~AtomicFile() override { fs::remove_all(folder_); }

  [[nodiscard]] fs::path path(const std::string& name) const { return folder_ / name; }
  [[nodiscard]] fs::path file() const { return folder_ / "conf.d" / "saved.toml"; }
  [[nodiscard]] std::vector<std::string> others() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator{folder_ / "conf.d"}) {
      if (entry.path() != file()) names.push_back(entry.path().filename().string());
    }
    return names;
  }
  void put(std::string_view text) const {
    fs::create_directories(file().parent_path());
    std::ofstream{file()} << text;
  }

 private:
  fs::path folder_;
};

/// What `child` answers in a process of its own.
template <class Child>
int status_of_child(Child child) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(child());
  int status = 0;
  ::waitpid(pid, &status, 0);
  return status;
}

TEST_F(AtomicFile, MakesTheFolderAndTheFileWithItsMode) {
  ASSERT_TRUE(write_atomically(path("state") / "conf.d" / "saved.toml", "new\n", 0600));

  const auto made = path("state") / "conf.d" / "saved.toml";
  EXPECT_EQ(text_of(made), "new\n");
  struct stat status{};
  ::stat(made.c_str(), &status);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  ::stat(made.parent_path().c_str(), &status);
  EXPECT_EQ(status.st_mode & 0027U, 0U);
}

TEST_F(AtomicFile, ReplacesTheOldFile) {
  put("a much longer old text");

  ASSERT_TRUE(write_atomically(file(), "new", 0600));

  EXPECT_EQ(text_of(file()), "new");
  EXPECT_THAT(others(), IsEmpty());
}

TEST_F(AtomicFile, KilledAtAnyStepLeavesTheOldOrTheNew) {
  const std::string before(100'000, 'o'), after(200'000, 'n');
  for (const auto killed_at : kSteps) {
    put(before);
    const int status = status_of_child([&] {
      (void)write_atomically(file(), after, 0600, [killed_at](WriteStep step) {
        if (step == killed_at) ::kill(::getpid(), SIGKILL);
      });
      return 0;
    });

    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    EXPECT_EQ(text_of(file()), killed_at < WriteStep::renamed ? before : after);
    for (const auto& name : others()) EXPECT_TRUE(name.starts_with(".")) << name;
    ASSERT_TRUE(write_atomically(file(), "next", 0600));
    EXPECT_EQ(text_of(file()), "next");
    EXPECT_THAT(others(), IsEmpty()) << "what the killed one left is gone";
  }
}

TEST_F(AtomicFile, LeavesWhatIsNotItsOwn) {
  put("old");
  std::ofstream{file().parent_path() / ".saved.toml.swp"} << "an editor's";
  std::ofstream{file().parent_path() / "other.toml"} << "another";

  ASSERT_TRUE(write_atomically(file(), "new", 0600));

  EXPECT_THAT(others(), testing::UnorderedElementsAre(".saved.toml.swp", "other.toml"));
}

TEST_F(AtomicFile, AFileThatGrowsTooLargeLeavesTheOldOne) {
  put("old");
  const int status = status_of_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{4096, 4096};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const auto written = write_atomically(file(), std::string(10'000, 'n'), 0600);
    return !written && written.error().what == "cannot write " + file().string() + ": File too large" ? 7 : 1;
  });

  EXPECT_EQ(WEXITSTATUS(status), 7);
  EXPECT_EQ(text_of(file()), "old");
  EXPECT_THAT(others(), IsEmpty());
}

TEST_F(AtomicFile, AFullDiskLeavesTheOldOne) {
  fs::create_directories(file().parent_path());
  if (::mount("tmpfs", file().parent_path().c_str(), "tmpfs", 0, "size=64k") != 0)
    GTEST_SKIP() << "may not mount";
  put("old");

  const auto written = write_atomically(file(), std::string(200'000, 'n'), 0600);

  EXPECT_EQ(text_of(file()), "old");
  EXPECT_THAT(others(), IsEmpty());
  ::umount2(file().parent_path().c_str(), MNT_DETACH);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().what, "cannot write " + file().string() + ": No space left on device");
}

TEST_F(AtomicFile, AFolderThatMayNotBeWrittenLeavesTheOldOne) {
  put("old");
  ::chmod(path("").c_str(), 0755);
  ::chmod(file().parent_path().c_str(), 0555);
  const int status = status_of_child([&] {
    if (::getuid() == 0 && ::setuid(65534) != 0) return 1;
    const auto written = write_atomically(file(), "new", 0600);
    return !written && written.error().what == "cannot write " + file().string() + ": Permission denied" ? 7
                                                                                                         : 1;
  });
  ::chmod(file().parent_path().c_str(), 0755);

  EXPECT_EQ(WEXITSTATUS(status), 7);
  EXPECT_EQ(text_of(file()), "old");
  EXPECT_THAT(others(), IsEmpty());
}

TEST_F(AtomicFile, ALinkInThePlaceOfTheFileIsReplacedAndNotFollowed) {
  put("old");
  std::ofstream{path("target")} << "untouched";
  fs::remove(file());
  fs::create_symlink(path("target"), file());

  ASSERT_TRUE(write_atomically(file(), "new", 0600));

  EXPECT_FALSE(fs::is_symlink(file()));
  EXPECT_EQ(text_of(file()), "new");
  EXPECT_EQ(text_of(path("target")), "untouched");
}

TEST_F(AtomicFile, ALinkInThePlaceOfTheFolderIsRefused) {
  fs::create_directory(path("elsewhere"));
  fs::create_directory_symlink(path("elsewhere"), path("conf.d"));

  const auto written = write_atomically(file(), "new", 0600);

  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().what, "cannot write into " + path("conf.d").string() + ": it is a symbolic link");
  EXPECT_TRUE(fs::is_empty(path("elsewhere")));
}

TEST_F(AtomicFile, AFolderInThePlaceOfTheFileIsNamed) {
  fs::create_directories(file() / "inside");

  const auto written = write_atomically(file(), "new", 0600);

  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().what, HasSubstr("cannot replace " + file().string()));
  EXPECT_THAT(others(), IsEmpty());
}

}  // namespace
}  // namespace tcpctl
