// SPDX-License-Identifier: Apache-2.0
#include "app/save_plan.hpp"

#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>

#include "app/loader.hpp"

namespace tcpctl {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const ObjectName kWeb{ObjectKind::listener, "web"};
const ObjectName kNew{ObjectKind::listener, "new"};
const ObjectName kFeed{ObjectKind::client, "feed"};

config::Written written(const std::string& json) { return config::Written{config::parse_json(json).value()}; }
config::Written echo(const std::string& timeout) {
  return written(R"({"listen":"*:0","service":"echo","idle_timeout":")" + timeout + "\"}");
}

class SavePlanning : public testing::Test {
 protected:
  SavePlanning() {
    auto pattern = (fs::temp_directory_path() / "tcpctl-plan-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    fs::create_directories(folder_ / "state" / "conf.d");
    write("t.toml",
          "[listeners.web]\nlisten = '*:0'\nservice = 'echo'\nidle_timeout = '1m'\n"
          "[clients.feed]\nconnect = 'a:1'\nmode = 'keep'\n");
  }
  ~SavePlanning() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream{folder_ / name} << text;
  }
  [[nodiscard]] config::Checked<SavePlan> plan() const { return plan_save(sources(), unsaved); }
  /// Plans, writes it as a save does, and has nothing unsaved any more.
  SavePlan save() {
    auto made = plan().value();
    write("state/conf.d/saved.toml", made.text);
    unsaved = {};
    return made;
  }
  /// What a start would run.
  [[nodiscard]] Design started() const {
    StatsBook scratch{1};
    return load(sources(), scratch).value();
  }
  [[nodiscard]] std::string timeout_of_web() const {
    return *started().config->listeners.at("web")->written.node().find("idle_timeout")->as<std::string>();
  }

  [[nodiscard]] Sources sources() const { return {folder_ / "t.toml", folder_ / "state"}; }

  Unsaved unsaved;

 private:
  fs::path folder_;
};

TEST_F(SavePlanning, NothingChangedIsNothingToWrite) {
  const auto made = plan().value();

  EXPECT_TRUE(made.row.unchanged);
  EXPECT_THAT(made.row.saved, IsEmpty());
  EXPECT_THAT(made.row.file, HasSubstr("state/conf.d/saved.toml"));
}

TEST_F(SavePlanning, WhatIsNewNeedsNobodyToGiveWay) {
  unsaved.changes.put(kNew, echo("2m"), false);

  const auto made = save();

  EXPECT_THAT(made.row.saved, ElementsAre("listeners.new"));
  EXPECT_THAT(made.text, Not(HasSubstr("[saved]")));
  EXPECT_THAT(made.conflicts, IsEmpty());
  EXPECT_EQ(started().config->listeners.at("new")->source, config::Source::file);
}

TEST_F(SavePlanning, WhatAnotherFileDeclaresGivesWay) {
  unsaved.changes.put(kWeb, echo("2m"), true);
  unsaved.changes.remove(kFeed, true);

  const auto made = save();

  EXPECT_THAT(made.row.saved, ElementsAre("listeners.web"));
  EXPECT_THAT(made.row.removed, ElementsAre("clients.feed"));
  EXPECT_EQ(timeout_of_web(), "2m");
  EXPECT_THAT(started().config->clients, IsEmpty());
  ASSERT_THAT(started().conflicts, SizeIs(2));
  EXPECT_TRUE(started().conflicts[0].is_saved);
  EXPECT_THAT(made.conflicts, SizeIs(2));
}

TEST_F(SavePlanning, ASecondSaveStandsOnTheFirst) {
  unsaved.changes.put(kNew, echo("2m"), false);
  unsaved.changes.remove(kFeed, true);
  save();
  unsaved.changes.put(kWeb, echo("3m"), true);
  unsaved.changes.remove(kNew, true);
  unsaved.changes.put(kFeed, written(R"({"connect":"b:2","mode":"keep"})"), true);

  const auto made = save();

  EXPECT_THAT(made.row.saved, ElementsAre("clients.feed", "listeners.web"));
  EXPECT_THAT(made.row.removed, ElementsAre("listeners.new"));
  const auto design = started();
  EXPECT_THAT(design.config->listeners, SizeIs(1));
  EXPECT_EQ(design.config->clients.at("feed")->connect.text(), "b:2");
}

TEST_F(SavePlanning, WhatTheOtherFileSaysAgainIsGivenBack) {
  unsaved.changes.put(kWeb, echo("2m"), true);
  unsaved.changes.remove(kFeed, true);
  save();
  unsaved.changes.put(kWeb, echo("60s"), true);
  unsaved.changes.put(kFeed, written(R"({"connect":"a:1","mode":"keep"})"), true);

  const auto made = save();

  EXPECT_THAT(made.row.given_back, ElementsAre("clients.feed", "listeners.web"));
  EXPECT_THAT(made.text, Not(HasSubstr("web")));
  EXPECT_EQ(timeout_of_web(), "1m");
}

TEST_F(SavePlanning, WhatFilesWonBackIsSavedNoMore) {
  unsaved.changes.put(kWeb, echo("2m"), true);
  unsaved.changes.remove(kFeed, true);
  save();
  unsaved.files_won = {"listeners.web", "clients.feed"};

  const auto made = save();

  EXPECT_THAT(made.row.given_back, ElementsAre("clients.feed", "listeners.web"));
  EXPECT_THAT(started().conflicts, IsEmpty());
  EXPECT_EQ(timeout_of_web(), "1m");
}

TEST_F(SavePlanning, WhatAFileDeclaresOnlyLaterGivesWay) {
  write("state/conf.d/saved.toml",
        "[listeners.web]\nlisten = '*:0'\nservice = 'echo'\nidle_timeout = '2m'\n");
  EXPECT_EQ(timeout_of_web(), "2m");
  EXPECT_THAT(started().conflicts, SizeIs(1));

  const auto made = save();

  EXPECT_THAT(made.row.saved, ElementsAre("listeners.web"));
  EXPECT_THAT(made.text, HasSubstr("replaces = [ \"listeners.web\" ]"));
  EXPECT_THAT(made.conflicts, SizeIs(1));
  EXPECT_EQ(timeout_of_web(), "2m");
  EXPECT_TRUE(plan().value().row.unchanged);
  unsaved.files_won = {"listeners.web"};
  EXPECT_THAT(save().row.given_back, ElementsAre("listeners.web"));
  EXPECT_EQ(timeout_of_web(), "1m");
}

TEST_F(SavePlanning, WhatAFileDeclaresLaterAndAlikeIsGivenBack) {
  write("state/conf.d/saved.toml",
        "[listeners.web]\nlisten = '*:0'\nservice = 'echo'\nidle_timeout = '60s'\n");

  const auto made = save();

  EXPECT_THAT(made.row.given_back, ElementsAre("listeners.web"));
  EXPECT_THAT(started().conflicts, IsEmpty());
}

TEST_F(SavePlanning, WhatWasMadeAndRemovedLeavesNothing) {
  unsaved.changes.remove(kNew, true);

  EXPECT_TRUE(plan().value().row.unchanged);
}

TEST_F(SavePlanning, KeepsWhatSomebodyWroteIntoTheSavedFile) {
  write("state/conf.d/saved.toml",
        "[log]\nlevel = 'debug'\n[listeners.mine]\nlisten = '*:0'\nservice = 'echo'\n");
  unsaved.changes.put(kNew, echo("2m"), false);

  save();

  EXPECT_EQ(started().config->log.level, log::Level::debug);
  EXPECT_THAT(started().config->listeners, SizeIs(3));
}

TEST_F(SavePlanning, MistakesOfAnyFileAreToldAndRefuseIt) {
  unsaved.changes.put(kWeb, echo("2m"), true);
  save();
  unsaved.changes.put(kNew, echo("2m"), false);
  write("state/conf.d/more.toml", "[log]\nlevel = 'loud'\n");
  EXPECT_THAT(plan().error().at(0).text(), HasSubstr("more.toml:2:"));

  write("state/conf.d/more.toml", "");
  write("state/conf.d/saved.toml",
        "[saved]\nreplaces = 'clients.feed'\n[clients.feed]\nconnect = 'b:1'\nmode = 'keep'\n");
  write("t.toml", "[clients.feed]\nconnect = 'nowhere'\nmode = 'keep'\n");
  EXPECT_THAT(plan().error().at(0).text(), HasSubstr("t.toml:2:")) << "hidden by what is saved";
}

TEST_F(SavePlanning, WhatCouldNotBeReadAgainIsNotWritten) {
  unsaved.changes.put(kNew, echo("2m"), false);
  auto made = plan().value();
  EXPECT_TRUE(may_write(made));

  made.text.resize(config::kLargestFile);
  EXPECT_TRUE(may_write(made));
  made.text += '\n';

  ASSERT_FALSE(may_write(made));
  EXPECT_EQ(may_write(made).error().code, Errc::conflict);
  EXPECT_THAT(may_write(made).error().what, HasSubstr("saved.toml would be larger than 16 MiB"));
}

}  // namespace
}  // namespace tcpctl
