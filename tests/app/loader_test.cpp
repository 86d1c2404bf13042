// SPDX-License-Identifier: Apache-2.0
#include "app/loader.hpp"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace tcpctl {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class LoaderTest : public testing::Test {
 protected:
  LoaderTest() {
    ::unsetenv("STATE_DIRECTORY");
    std::string name = (fs::temp_directory_path() / "tcpctl-XXXXXX").string();
    folder = ::mkdtemp(name.data());
  }
  ~LoaderTest() override {
    ::unsetenv("STATE_DIRECTORY");
    fs::remove_all(folder);
  }
  LoaderTest(const LoaderTest&) = delete;
  LoaderTest& operator=(const LoaderTest&) = delete;

  /// A file that is tried by hand.
  Sources write(const fs::path& name, const std::string& text) {
    fs::create_directories((folder / name).parent_path());
    std::ofstream{folder / name} << text;
    return find_sources(folder / name, false);
  }
  std::vector<std::string> mistakes(const Sources& file) {
    std::vector<std::string> texts;
    const auto design = load(file, stats);
    if (design) return texts;
    for (const auto& mistake : design.error()) texts.push_back(mistake.text());
    return texts;
  }

  fs::path folder;
  StatsBook stats{2};
};

TEST_F(LoaderTest, MakesAPlanOfEachListenerAndClient) {
  const auto file = write("tcpctld.toml", R"(
[listeners.hello]
listen = "127.0.0.1:0"
service = "echo"
idle_timeout = "3s"
[listeners.web]
listen = "127.0.0.1:0"
service = "forward"
forward = { upstreams = ["127.0.0.1:1", "127.0.0.1:2"], retries = 4 }
[clients.feed]
connect = "127.0.0.1:3"
mode = "keep"
)");

  const auto design = load(file, stats);

  ASSERT_TRUE(design) << design.error().front().text();
  const auto& hello = *design->listeners.at("hello");
  EXPECT_EQ(hello.owner->name, "hello");
  EXPECT_EQ(hello.owner->service, "echo");
  EXPECT_EQ(hello.owner->idle_timeout, std::chrono::seconds{3});
  EXPECT_TRUE(hello.service);
  EXPECT_EQ(hello.forward, nullptr);
  const auto& web = *design->listeners.at("web");
  ASSERT_NE(web.forward, nullptr);
  EXPECT_FALSE(web.service);
  EXPECT_THAT(web.forward->upstreams, SizeIs(2));
  EXPECT_EQ(*web.forward->upstreams[0].name, "u1");
  EXPECT_EQ(web.forward->relay->attempts, 5U);
  EXPECT_EQ(design->clients.find("feed")->owner->kind, Owner::Kind::client);
  EXPECT_EQ(design->clients.find("feed")->owner->service, "keep");
}

TEST_F(LoaderTest, FindsThePlanOfEachClient) {
  std::string text;
  for (const auto* name : {"b10", "a", "B", "b2"})
    text += fmt::format("[clients.{}]\nconnect = \"127.0.0.1:3\"\nmode = \"keep\"\n", name);
  const auto design = load(write("tcpctld.toml", text), stats).value();

  EXPECT_EQ(design.clients.size(), 4U);
  for (const auto* name : {"b10", "a", "B", "b2"}) {
    ASSERT_TRUE(design.clients.contains(name)) << name;
    EXPECT_EQ(design.clients.find(name)->owner->name, name);
  }
  EXPECT_FALSE(design.clients.contains("b1"));
  EXPECT_EQ(design.clients.find("c"), nullptr);
}

TEST_F(LoaderTest, KeepsCountersByNameOverLoads) {
  const auto file = write("tcpctld.toml", "[listeners.a]\nlisten = '127.0.0.1:0'\nservice = 'echo'\n");
  const auto first = load(file, stats).value();
  const auto second = load(file, stats).value();

  EXPECT_EQ(first.listeners.at("a")->owner->stats, second.listeners.at("a")->owner->stats);
  EXPECT_NE(stats.listener("a"), stats.client("a"));
  EXPECT_NE(stats.upstream("a", "u1"), stats.upstream("b", "u1"));
}

TEST_F(LoaderTest, ReportsWhatOnlyTheServiceCanJudgeOfAllListenersAtOnce) {
  const auto file = write("tcpctld.toml", R"([listeners.a]
listen = "127.0.0.1:0"
service = "dialog"
dialog = { reply = "{nonsense}" }
[clients.b]
connect = "127.0.0.1:1"
mode = "probe"
steps = [{ expect = "(" }]
)");

  const auto all = mistakes(file);

  ASSERT_THAT(all, SizeIs(2));
  EXPECT_THAT(all[0], HasSubstr("tcpctld.toml:4:"));
  EXPECT_THAT(all[1], HasSubstr("tcpctld.toml:8:"));
}

TEST_F(LoaderTest, ReadsTheFoldersBesideTheFileAndInTheState) {
  const auto text = "[daemon]\nstate = '" + (folder / "state").string() + "'\n";
  write("conf.d/a.toml", "[listeners.a]\nlisten = '127.0.0.1:0'\nservice = 'echo'\n");
  write("state/conf.d/b.toml", "[listeners.b]\nlisten = '127.0.0.1:0'\nservice = 'echo'\n");
  write("elsewhere/conf.d/c.toml", "[listeners.c]\nlisten = '127.0.0.1:0'\nservice = 'echo'\n");
  const auto names = [&] {
    std::vector<std::string> all;
    const auto design = load(write("tcpctld.toml", text), stats).value();
    for (const auto& [name, plan] : design.listeners) all.push_back(name);
    return all;
  };

  EXPECT_THAT(names(), ElementsAre("a", "b"));
  ::setenv("STATE_DIRECTORY", (folder / "elsewhere").c_str(), 1);
  EXPECT_THAT(names(), ElementsAre("a", "c")) << "the environment names it before the file";
}

TEST_F(LoaderTest, OnlyTheServiceHasAStateFolderThatNobodyNamed) {
  const auto file = write("tcpctld.toml", "").file;

  EXPECT_EQ(find_sources(file, true).state, "/var/lib/tcpctl");
  EXPECT_EQ(find_sources(file, false).state, "");
  write("conf.d/a.toml", "daemon.state = '/a'");
  EXPECT_EQ(find_sources(file, true).state, "/a");
  EXPECT_EQ(find_sources(file, false).state, "/a");
  ::setenv("STATE_DIRECTORY", "/b", 1);
  EXPECT_EQ(find_sources(file, true).state, "/b");
  EXPECT_EQ(find_sources(file, false).state, "/b");
}

TEST_F(LoaderTest, WithoutAStateFolderNothingThatWasSavedIsRead) {
  const auto file = write("tcpctld.toml", "");
  write("saved.toml", "nonsense");
  write("conf.d/saved.toml", "[listeners.a]\nlisten = '127.0.0.1:0'\nservice = 'echo'\n[saved]\n");

  EXPECT_THAT(mistakes(file), ElementsAre(HasSubstr("unknown key 'saved'"))) << "it is a file as any other";
}

TEST_F(LoaderTest, SaysThatAFileIsNotThere) {
  EXPECT_THAT(mistakes({folder / "none.toml"}), ElementsAre(HasSubstr("none.toml")));
}

}  // namespace
}  // namespace tcpctl
