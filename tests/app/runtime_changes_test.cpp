// SPDX-License-Identifier: Apache-2.0
#include "app/runtime_changes.hpp"

#include <gmock/gmock.h>

#include "app/key_table.hpp"

namespace tcpctl {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kFile = "[listeners.web]\nlisten = '*:80'\nservice = 'echo'\nidle_timeout = '60s'\n";
const ObjectName kWeb{ObjectKind::listener, "web"};
const ObjectName kNew{ObjectKind::client, "new"};

config::Node files() { return config::parse_toml(kFile, "t.toml").value(); }

config::Written written(const std::string& json) { return config::Written{config::parse_json(json).value()}; }

std::string text(const config::Node& root) { return config::to_json(root, key_table(), "", false); }

TEST(RuntimeChanges, LeaveTheFilesAsTheyAreWhereThereAreNone) {
  const auto top = RuntimeChanges{}.put_on(files(), false);

  EXPECT_EQ(top.root, files());
  EXPECT_THAT(top.conflicts, IsEmpty());
}

TEST(RuntimeChanges, PutAnObjectThatNoFileDeclares) {
  RuntimeChanges changes;
  changes.put(kNew, written(R"({"connect":"a:1","mode":"keep"})"), false);

  for (const bool files_win : {false, true}) {
    const auto top = changes.put_on(files(), files_win);

    EXPECT_EQ(text(*top.root.find("clients")), R"({"new":{"connect":"a:1","mode":"keep"}})");
    EXPECT_EQ(top.root.find("clients")->find("new")->place().pointer, "/clients/new");
    EXPECT_THAT(top.conflicts, IsEmpty());
    EXPECT_THAT(top.left.all(), SizeIs(1));
  }
}

TEST(RuntimeChanges, WinOverTheFilesUnlessThoseAreToWin) {
  RuntimeChanges changes;
  changes.put(kWeb, written(R"({"listen":"*:80","service":"discard"})"), true);

  const auto kept = changes.put_on(files(), false);
  const auto forced = changes.put_on(files(), true);

  EXPECT_EQ(text(*kept.root.find("listeners")), R"({"web":{"listen":"*:80","service":"discard"}})");
  ASSERT_THAT(kept.conflicts, SizeIs(1));
  EXPECT_EQ(kept.conflicts[0].name, "listeners.web");
  EXPECT_EQ(kept.conflicts[0].file, "t.toml:1:12");
  EXPECT_FALSE(kept.conflicts[0].removed);
  EXPECT_FALSE(kept.conflicts[0].file_won);
  EXPECT_THAT(kept.left.all(), SizeIs(1));
  EXPECT_EQ(forced.root, files());
  EXPECT_TRUE(forced.conflicts.at(0).file_won);
  EXPECT_THAT(forced.left.all(), IsEmpty());
}

TEST(RuntimeChanges, TakeAwayWhatWasRemoved) {
  RuntimeChanges changes;
  changes.remove(kWeb, true);
  changes.remove(kNew, true);  // no file has it any more

  const auto top = changes.put_on(files(), false);

  EXPECT_EQ(text(*top.root.find("listeners")), "{}");
  ASSERT_THAT(top.conflicts, SizeIs(1));
  EXPECT_TRUE(top.conflicts[0].removed);
  EXPECT_THAT(top.left.all(), SizeIs(1));
}

TEST(RuntimeChanges, AreForgottenWhereTheFilesSayTheSame) {
  RuntimeChanges changes;
  changes.put(kWeb, written(R"({"listen":["*:80"],"service":"echo","idle_timeout":"1m"})"), true);

  const auto top = changes.put_on(files(), false);

  EXPECT_EQ(top.root, files());
  EXPECT_THAT(top.conflicts, IsEmpty());
  EXPECT_THAT(top.left.all(), IsEmpty());
}

TEST(RuntimeChanges, TellTheMistakesThatTheyHide) {
  RuntimeChanges changes;
  changes.put(kWeb, written(R"({"listen":"*:80","service":"discard"})"), true);
  auto root = config::parse_toml("[listeners.web]\nlisten = 5\n", "t.toml").value();

  const auto top = changes.put_on(std::move(root), false);

  EXPECT_FALSE(top.mistakes.empty());
}

const config::Written kTable = written(R"({"connect":"a:1","mode":"keep"})");
const config::Written kOther = written(R"({"connect":"a:2","mode":"keep"})");

TEST(RuntimeChanges, LeaveNothingOfWhatOnlyTheyMade) {
  RuntimeChanges changes;
  changes.put(kNew, kTable, false);
  changes.remove(kNew, false);
  EXPECT_THAT(changes.all(), IsEmpty());

  changes.put(kWeb, kTable, true);
  changes.put(kWeb, kOther, false);
  changes.remove(kWeb, false);
  EXPECT_THAT(changes.all(), SizeIs(1)) << "a file declares it";
}

TEST(RuntimeChanges, RememberAcrossAReloadWhatAFileDeclares) {
  RuntimeChanges changes;
  changes.put(kWeb, written(R"({"listen":"*:80","service":"discard"})"), false);
  changes.put(kNew, kTable, false);

  auto left = changes.put_on(files(), false).left;
  left.remove(kWeb, false);
  left.remove(kNew, false);

  ASSERT_THAT(left.all(), SizeIs(1));
  EXPECT_EQ(left.all().begin()->first, kWeb);
}

TEST(RuntimeChanges, AreForgottenOnceTheyAreSaved) {
  RuntimeChanges changes;
  changes.put(kNew, kTable, false);
  changes.remove(kWeb, true);

  changes.note_saved(RuntimeChanges{changes}, [](const ObjectName&) { return true; });

  EXPECT_THAT(changes.all(), IsEmpty());
}

TEST(RuntimeChanges, StayWhereTheyWereMadeDuringTheSave) {
  RuntimeChanges changes;
  changes.put(kNew, kTable, false);
  const RuntimeChanges saved = changes;
  const auto is_gone = [](const ObjectName&) { return false; };
  auto removed = changes;
  removed.remove(kNew, false);
  changes.put(kNew, kOther, false);

  removed.note_saved(saved, is_gone);
  changes.note_saved(saved, is_gone);

  ASSERT_THAT(removed.all(), SizeIs(1)) << "else a restart would bring it back";
  EXPECT_FALSE(removed.all().begin()->second);
  changes.remove(kNew, false);
  EXPECT_THAT(changes.all(), SizeIs(1)) << "saved.toml declares it";
}

}  // namespace
}  // namespace tcpctl
