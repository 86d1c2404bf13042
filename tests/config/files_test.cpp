// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/keys.hpp"

namespace tcpctl::config {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::SizeIs;

/// A configuration folder of its own for each test.
class Files : public testing::Test {
 protected:
  Files() {
    auto pattern = (fs::temp_directory_path() / "tcpctl-files-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    fs::create_directories(folder_ / "conf.d");
    fs::create_directories(folder_ / "state");
  }
  ~Files() override { fs::remove_all(folder_); }

  void write(const std::string& name, std::string_view text) const { std::ofstream{folder_ / name} << text; }
  [[nodiscard]] fs::path path(const std::string& name) const { return folder_ / name; }
  [[nodiscard]] Checked<Node> read() const { return read_files(path("t.toml"), path("state")); }

 private:
  fs::path folder_;
};

TEST_F(Files, ReadsTheFileAndItsFoldersByName) {
  write("t.toml", "[daemon]\nworkers = 1\n[listeners.a]\nbacklog = 1\n");
  write("conf.d/20.toml", "[daemon]\nworkers = 3\n");
  write("conf.d/10.toml", "[daemon]\nworkers = 2\nstate = '/x'\n");
  write("state/b.toml", "[listeners.b]\nbacklog = 2\n");

  const auto root = read().value();

  EXPECT_EQ(to_json(root, KeyTable{}, "", false),
            R"({"daemon":{"state":"/x","workers":3},"listeners":{"a":{"backlog":1},"b":{"backlog":2}}})");
}

TEST_F(Files, ValuesKnowTheirFile) {
  write("t.toml", "");
  write("conf.d/10.toml", "\nlog.level = 'info'\n");

  const auto root = read().value();

  EXPECT_EQ(root.find("log")->find("level")->place().text(), path("conf.d/10.toml").string() + ":2:13");
}

TEST_F(Files, LooksAwayFromOtherAndHiddenFiles) {
  write("t.toml", "");
  write("conf.d/.#10.toml", "not toml");
  write("conf.d/10.toml~", "not toml");
  write("conf.d/README", "not toml");

  EXPECT_TRUE(read().has_value());
}

TEST_F(Files, MissingFoldersAreNoMistake) {
  write("t.toml", "");
  fs::remove(path("conf.d"));
  fs::remove(path("state"));

  EXPECT_TRUE(read().has_value());
  EXPECT_TRUE(read_files(path("t.toml"), "").has_value());
}

TEST_F(Files, AFolderNamedTwiceIsReadOnce) {
  write("t.toml", "");
  write("conf.d/10.toml", "[listeners.a]\n");

  EXPECT_TRUE(read_files(path("t.toml"), path("conf.d")).has_value());
}

TEST_F(Files, ANameDeclaredTwiceGivesBothPlaces) {
  write("t.toml", "[listeners.web]\nbacklog = 1\n");
  write("conf.d/10.toml", "\n\n[listeners.web]\nbacklog = 2\n");

  const auto root = read();

  ASSERT_FALSE(root);
  ASSERT_THAT(root.error(), SizeIs(1));
  EXPECT_EQ(root.error()[0].text(), path("conf.d/10.toml").string() +
                                        ":3:12: listeners.web is declared twice, first at " +
                                        path("t.toml").string() + ":1:12; rename or remove one");
}

TEST_F(Files, ReportsTheMistakesOfAllFiles) {
  write("t.toml", "a = \n");
  write("conf.d/10.toml", "b = 1\nb = 2\n");

  const auto root = read();

  ASSERT_FALSE(root);
  ASSERT_THAT(root.error(), SizeIs(2));
  EXPECT_THAT(root.error()[0].text(), HasSubstr("t.toml:1:"));
  EXPECT_THAT(root.error()[1].text(), HasSubstr("10.toml:2:"));
}

TEST_F(Files, ChecksInTheOrderRead) {
  write("t.toml", "\n\n\n[log]\nlevel = 1\n");
  write("conf.d/10.toml", "[daemon]\nworkers = 'x'\n");

  const auto mistakes = check(read().value(), test::all_keys(), "");

  ASSERT_THAT(mistakes, SizeIs(2));
  EXPECT_THAT(mistakes[0].text(), HasSubstr("t.toml:5:9: log.level"));
  EXPECT_THAT(mistakes[1].text(), HasSubstr("10.toml:2:11: daemon.workers"));
}

TEST_F(Files, AFileThatCannotBeReadIsOneMistake) {
  const auto root = read();

  ASSERT_FALSE(root);
  ASSERT_THAT(root.error(), SizeIs(1));
  EXPECT_EQ(root.error()[0].text(), path("t.toml").string() + ": cannot be read: No such file or directory");
}

TEST_F(Files, APipeDoesNotHangTheReader) {
  write("t.toml", "");
  ASSERT_EQ(::mkfifo(path("conf.d/10.toml").c_str(), 0600), 0);

  const auto root = read();

  ASSERT_FALSE(root);
  EXPECT_THAT(root.error()[0].text(), HasSubstr("10.toml: cannot be read: not a regular file"));
}

TEST_F(Files, AFolderInPlaceOfTheFileIsNamedAsSuch) {
  fs::create_directory(path("t.toml"));

  EXPECT_THAT(read().error()[0].text(), HasSubstr("t.toml: cannot be read: not a regular file"));
}

}  // namespace
}  // namespace tcpctl::config
