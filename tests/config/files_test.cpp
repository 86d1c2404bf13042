// SPDX-License-Identifier: Apache-2.0
#include "config/files.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/keys.hpp"

namespace tcpctl::config {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
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
  [[nodiscard]] Checked<Node> read() const {
    return read_saved().map([](const config::Files& files) { return files.root; });
  }
  [[nodiscard]] Checked<config::Files> read_saved(const FilesWin& win = {}) const {
    return read_files(path("t.toml"), path("state"), win);
  }

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

std::string text(const Node& root) { return to_json(root, KeyTable{}, "", false); }

constexpr const char* kTwo = "[listeners.a]\nbacklog = 1\n[listeners.b]\nbacklog = 2\n";

TEST_F(Files, WhatIsSavedTakesTheOthersPlaceWhereItSaysSo) {
  write("t.toml", kTwo);
  write("state/saved.toml",
        "[saved]\nreplaces = ['listeners.a']\nremoves = ['listeners.b']\n[listeners.a]\nbacklog = 3\n"
        "[clients.c]\nmode = 'keep'\n");

  const auto files = read_saved().value();

  EXPECT_EQ(text(files.root), R"({"clients":{"c":{"mode":"keep"}},"listeners":{"a":{"backlog":3}}})");
  ASSERT_THAT(files.overruled, SizeIs(2));
  EXPECT_EQ(files.overruled[0].name, "listeners.b");
  EXPECT_TRUE(files.overruled[0].removed);
  EXPECT_EQ(files.overruled[1].name, "listeners.a");
  EXPECT_FALSE(files.overruled[1].removed);
  EXPECT_EQ(files.overruled[1].declared.key_place().text(), path("t.toml").string() + ":1:12");
  EXPECT_FALSE(files.overruled[1].file_won);
}

TEST_F(Files, OtherFilesMayWinOverWhatIsSaved) {
  write("t.toml", kTwo);
  write("state/saved.toml",
        "[saved]\nreplaces = ['listeners.a']\nremoves = ['listeners.b']\n[listeners.a]\nbacklog = 3\n"
        "[listeners.c]\nbacklog = 4\n");

  const auto all = read_saved({.all = true}).value();
  const auto one = read_saved({.objects = {"listeners.b"}}).value();

  EXPECT_EQ(text(all.root), R"({"listeners":{"a":{"backlog":1},"b":{"backlog":2},"c":{"backlog":4}}})");
  EXPECT_EQ(text(one.root), R"({"listeners":{"a":{"backlog":3},"b":{"backlog":2},"c":{"backlog":4}}})");
  EXPECT_TRUE(all.overruled.at(0).file_won && all.overruled.at(1).file_won);
  EXPECT_EQ(all.saved, one.saved);
  EXPECT_THAT(all.saved.replaces, ElementsAre("listeners.a"));
}

TEST_F(Files, WhatIsSavedOfObjectsThatTheFilesLostStays) {
  write("t.toml", "");
  write("state/saved.toml",
        "[saved]\nreplaces = ['listeners.a']\nremoves = ['clients.gone']\n[listeners.a]\nbacklog = 3\n");

  const auto files = read_saved().value();

  EXPECT_EQ(text(files.root), R"({"listeners":{"a":{"backlog":3}}})");
  EXPECT_THAT(files.overruled, IsEmpty());
}

TEST_F(Files, WhatIsSavedOverrulesWhatAFileDeclaredLater) {
  write("t.toml", kTwo);
  write("state/saved.toml", "[listeners.a]\nbacklog = 3\n");

  const auto files = read_saved().value();
  const auto forced = read_saved({.all = true}).value();

  EXPECT_EQ(text(files.root), R"({"listeners":{"a":{"backlog":3},"b":{"backlog":2}}})");
  ASSERT_THAT(files.overruled, SizeIs(1));
  EXPECT_EQ(files.overruled[0].name, "listeners.a");
  EXPECT_EQ(files.overruled[0].declared.key_place().text(), path("t.toml").string() + ":1:12");
  EXPECT_FALSE(files.overruled[0].removed);
  EXPECT_EQ(text(forced.root), R"({"listeners":{"a":{"backlog":1},"b":{"backlog":2}}})");
  EXPECT_TRUE(forced.overruled.at(0).file_won);
}

TEST_F(Files, WhatIsSavedIsReadLast) {
  write("t.toml", "");
  write("state/z.toml", "[listeners.a]\nbacklog = 1\n");
  write("state/saved.toml", "[saved]\nreplaces = ['listeners.a']\n[listeners.a]\nbacklog = 3\n");

  EXPECT_EQ(text(read().value()), R"({"listeners":{"a":{"backlog":3}}})");
}

TEST_F(Files, OnlyTheStateFolderHasASavedFile) {
  write("t.toml", kTwo);
  write("conf.d/saved.toml", "[saved]\nremoves = ['listeners.a']\n");

  EXPECT_THAT(check(read().value(), test::all_keys(), "").back().text(), HasSubstr("unknown key 'saved'"));
  EXPECT_EQ(text(read_files(path("t.toml"), path("conf.d")).value().root),
            R"({"listeners":{"b":{"backlog":2}}})");
}

TEST_F(Files, MistakesOfTheSavedTableHaveTheirPlace) {
  write("t.toml", kTwo);
  const auto mistake = [&](const std::string& saved) {
    write("state/saved.toml", saved);
    const auto files = read_saved();
    return files ? std::string{}
                 : files.error().front().text().substr(path("state/saved.toml").string().size());
  };

  EXPECT_EQ(mistake("[saved]\nreplace = []\n"), ":2:1: unknown key 'replace'; did you mean 'replaces'?");
  EXPECT_EQ(mistake("[saved]\nremoves = [5]\n"),
            ":2:12: saved.removes[0]: expected a text in quotes, got the integer 5");
  EXPECT_EQ(mistake("[saved]\nremoves = ['web']\n"),
            ":2:12: saved.removes[0]: expected \"listeners.NAME\" or \"clients.NAME\", got \"web\"");
  EXPECT_EQ(
      mistake("[saved]\nreplaces = ['listeners.a']\n"),
      ":2:13: saved.replaces[0]: listeners.a is not declared below; what is only to go stands in 'removes'");
  EXPECT_EQ(mistake("[saved]\nremoves = 'listeners.x'\n[listeners.x]\n"),
            ":2:11: saved.removes: listeners.x is declared below; that stands in 'replaces'");
  EXPECT_EQ(mistake("saved = 1\n"), ":1:9: saved: expected a table, got the integer 1");
}

TEST_F(Files, TheSavedTextIsReadAsItWasMeant) {
  const auto saved = take_saved(parse_toml("[saved]\nremoves = ['clients.c']\nreplaces = ['listeners.a.b']\n"
                                           "[listeners.'a.b']\nbacklog = 3\n",
                                           "t")
                                    .value())
                         .value();

  EXPECT_THAT(saved.text(), HasSubstr("tcpctl config save"));
  EXPECT_EQ(take_saved(parse_toml(saved.text(), "t").value()).value(), saved);
  EXPECT_EQ(take_saved(parse_toml(Saved{}.text(), "t").value()).value(), Saved{});
}

}  // namespace
}  // namespace tcpctl::config
