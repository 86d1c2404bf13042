// SPDX-License-Identifier: Apache-2.0
#include "app/access_log.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "support/connection_fixture.hpp"

namespace tcpctl {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class AccessLogTest : public testing::Test {
 protected:
  AccessLogTest() {
    std::string pattern = testing::TempDir() + "tcpctl-access-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    crew.start();
  }
  ~AccessLogTest() override {
    crew.stop();
    std::filesystem::remove_all(folder_);
  }

  [[nodiscard]] std::filesystem::path path(const std::string& name) const { return folder_ / name; }
  [[nodiscard]] std::string text(const std::string& name) const {
    std::ifstream file{path(name)};
    return {std::istreambuf_iterator<char>{file}, {}};
  }
  [[nodiscard]] config::AccessLog at_end(const std::string& target) const {
    return {.at_start = false, .at_end = true, .target = target, .format = log::Format::text};
  }
  [[nodiscard]] config::AccessLog at_end_to(const std::string& name) const {
    return at_end("file:" + path(name).string());
  }
  static config::AccessLog off() {
    return {.at_start = false, .at_end = false, .target = "auto", .format = log::Format::text};
  }
  /// Answers what was wrong; "" = done.
  std::string set(const config::AccessLog& wanted) {
    auto change = log.prepare(wanted);
    if (!change) return change.error().what;
    if (*change) log.apply(std::move(**change));
    return "";
  }
  /// A worker tells of the end of so many connections, the first one called `id`.
  void end_some(std::uint64_t id, std::size_t count = 1) {
    crew.post(0, [=, owner = test::make_owner()](Hub& hub) {
      AccessOutlet& outlet = hub.worker().access();
      for (std::size_t i = 0; i < count && outlet.is_at_end(); ++i) {
        History::Entry entry;
        entry.facts.id = make_id(0, id + i);
        entry.facts.owner = owner;
        outlet.add(AccessLine::Kind::end, entry);
      }
    });
    crew.settle();
  }
  void stop() {
    crew.stop();
    log.stop();
  }

  CrewThreads crew{1, 100, 100};
  AccessLog log{crew};

 private:
  std::filesystem::path folder_;
};

TEST_F(AccessLogTest, HasNeitherThreadNorFileUntilItIsWanted) {
  ASSERT_TRUE(log.prepare(off()));
  EXPECT_FALSE(*log.prepare(off()));

  EXPECT_EQ(set(off()), "");
  end_some(1);
  stop();

  EXPECT_EQ(log.dropped(), 0U);
}

TEST_F(AccessLogTest, WritesWhatWasToldBeforeItStops) {
  ASSERT_EQ(set(at_end_to("log")), "");

  end_some(7);
  stop();

  EXPECT_THAT(text("log"), HasSubstr("event=access.end connection=1-7 "));
}

TEST_F(AccessLogTest, SaysWhichFileItCannotOpenAndWhyAndKeepsTheOldOne) {
  ASSERT_EQ(set(at_end_to("log")), "");

  EXPECT_EQ(set(at_end_to("no/log")),
            "access_log.target: log file '" + path("no/log").string() + "': No such file or directory");
  end_some(7);
  stop();

  EXPECT_THAT(text("log"), HasSubstr("connection=1-7 "));
}

TEST_F(AccessLogTest, IsNotHeldUpByANamedPipeThatNobodyReads) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);

  EXPECT_THAT(set(at_end_to("fifo")), HasSubstr("No such device or address"));
}

TEST_F(AccessLogTest, WritesToTheOldTargetWhatWasToldBeforeTheChange) {
  ASSERT_EQ(set(at_end_to("one")), "");
  end_some(1);
  ASSERT_EQ(set(at_end_to("two")), "");
  end_some(2);
  ASSERT_EQ(set(off()), "");
  end_some(3);
  ASSERT_EQ(set(at_end_to("two")), "");
  end_some(4);
  stop();

  EXPECT_THAT(text("one"), testing::ContainsRegex("^[^\n]*connection=1-1 [^\n]*\n$"));
  EXPECT_THAT(text("two"),
              testing::ContainsRegex("^[^\n]*connection=1-2 [^\n]*\n[^\n]*connection=1-4 [^\n]*\n$"));
  EXPECT_EQ(log.dropped(), 0U);
}

TEST_F(AccessLogTest, ChangesNothingWhereNothingElseIsWanted) {
  ASSERT_EQ(set(at_end_to("log")), "");

  const auto change = log.prepare(at_end_to("log"));

  ASSERT_TRUE(change);
  EXPECT_FALSE(*change);
}

TEST_F(AccessLogTest, GoesOnInANewFileAfterARotation) {
  ASSERT_EQ(set(at_end_to("log")), "");
  end_some(1);
  ASSERT_EQ(set(at_end_to("other")), "");  // what was told is written then
  ASSERT_EQ(set(at_end_to("log")), "");
  std::filesystem::rename(path("log"), path("log.1"));

  log.reopen();
  end_some(2);
  stop();

  EXPECT_THAT(text("log.1"), HasSubstr("connection=1-1 "));
  EXPECT_THAT(text("log"), HasSubstr("connection=1-2 "));
}

TEST_F(AccessLogTest, CountsWhatItsTargetRefuses) {
  ASSERT_EQ(set(at_end("file:/dev/full")), "");

  end_some(1, 3);
  stop();

  EXPECT_EQ(log.errors(), 3U);
  EXPECT_EQ(log.dropped(), 0U);
}

TEST_F(AccessLogTest, HoldsNoWorkerUpHoweverLongItsTargetTakesNothingAndCountsWhatWasLost) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  Fd reader{::open(path("fifo").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
  ASSERT_EQ(set(at_end_to("fifo")), "");

  for (std::uint64_t i = 0; i < 20; ++i) end_some(i, AccessOutlet::kMost);

  EXPECT_GT(log.dropped(), 0U);
  ::signal(SIGPIPE, SIG_IGN);
  reader.reset();  // the writer gets EPIPE and goes on, so that the stop ends
  stop();
  EXPECT_GT(log.errors(), 0U);
}

}  // namespace
}  // namespace tcpctl
