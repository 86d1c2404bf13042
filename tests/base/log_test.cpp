// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "base/log_record.hpp"
#include "base/log_sink.hpp"

namespace tcpctl::log {
namespace {

using ::testing::Contains;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// A folder of its own for each test; the log is stopped and at its first level again afterwards.
class Log : public ::testing::Test {
 protected:
  Log() {
    std::string pattern = ::testing::TempDir() + "tcpctl-log-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~Log() override {
    stop();
    set_level(Level::warn);
    std::filesystem::remove_all(folder_);
  }

  [[nodiscard]] std::filesystem::path path(const std::string& name) const { return folder_ / name; }
  [[nodiscard]] std::string target(const std::string& name) const { return "file:" + path(name).string(); }
  [[nodiscard]] std::string text(const std::string& name) const {
    std::ifstream file{path(name)};
    return {std::istreambuf_iterator<char>{file}, {}};
  }

 private:
  std::filesystem::path folder_;
};

Record record(std::vector<FieldView> fields) {
  return {Level::info, WallTime{std::chrono::seconds{1}}, "peer.said", std::move(fields)};
}

TEST_F(Log, WritesEventAndFieldsAfterTimeAndLevel) {
  ASSERT_TRUE(start(Level::info, target("log"), Format::text));

  info("listener.up", f("listener", "web"), f("connections", 12));
  stop();

  EXPECT_THAT(text("log"), ContainsRegex("^time=[-0-9]+T[:0-9]+\\.[0-9]+Z level=info "
                                         "event=listener\\.up listener=web connections=12\n$"));
}

TEST_F(Log, LeavesOutLinesBelowItsLevelUntilTheLevelIsLowered) {
  ASSERT_TRUE(start(Level::warn, target("log"), Format::text));

  info("one");
  set_level(Level::debug);
  debug("two");
  stop();

  EXPECT_THAT(text("log"), Not(HasSubstr("event=one")));
  EXPECT_THAT(text("log"), HasSubstr("event=two"));
}

TEST_F(Log, KeepsTheOrderOfOneThreadsLines) {
  ASSERT_TRUE(start(Level::info, target("log"), Format::text));

  for (int i = 0; i < 1000; ++i) info("n", f("n", i));
  stop();

  std::istringstream lines{text("log")};
  std::string line;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(std::getline(lines, line));
    ASSERT_THAT(line, EndsWith(fmt::format(" n={}", i)));
  }
}

TEST_F(Log, TakesLinesFromManyThreadsWholeOrNotAtAll) {
  ASSERT_TRUE(start(Level::debug, target("log"), Format::text));

  std::vector<std::thread> writers;
  for (int t = 0; t < 4; ++t) {
    writers.emplace_back([t] {
      for (int i = 0; i < 500; ++i) debug("n", f("thread", t), f("n", i));
    });
  }
  for (auto& writer : writers) writer.join();
  stop();

  std::istringstream lines{text("log")};
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    ASSERT_THAT(line, ContainsRegex("^time=[^ ]+ level=debug event=n thread=[0-3] n=[0-9]+$"));
  }
  EXPECT_EQ(count, 2000);
}

TEST_F(Log, GoesOnInANewFileAfterTheOldOneWasMovedAway) {
  ASSERT_TRUE(start(Level::info, target("log"), Format::text));
  info("before");

  std::filesystem::rename(path("log"), path("log.1"));
  reopen();
  info("after");
  stop();

  EXPECT_THAT(text("log.1"), HasSubstr("event=before"));
  EXPECT_THAT(text("log"), HasSubstr("event=after"));
}

TEST_F(Log, KeepsTheOldFileAndSaysSoWhereTheNewOneCannotBeOpened) {
  std::filesystem::create_directory(path("sub"));
  ASSERT_TRUE(start(Level::info, target("sub/log"), Format::text));

  std::filesystem::rename(path("sub"), path("gone"));
  reopen();
  info("after");
  stop();

  EXPECT_THAT(text("gone/log"), HasSubstr("event=log.reopen_failed"));
  EXPECT_THAT(text("gone/log"), HasSubstr("event=after"));
}

TEST_F(Log, RefusesAFileInAFolderThatIsNotThereAndKeepsItsTarget) {
  ASSERT_TRUE(start(Level::info, target("log"), Format::text));

  const auto refused = start(Level::info, target("no/such/log"), Format::text);
  info("still.here");
  stop();

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::io);
  EXPECT_THAT(refused.error().what, EndsWith("No such file or directory"));
  EXPECT_THAT(text("log"), HasSubstr("event=still.here"));
}

TEST_F(Log, RefusesATargetItDoesNotKnowAndNamesThoseItDoes) {
  const auto refused = start(Level::info, "syslog", Format::text);

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().what, "log target 'syslog': use 'auto', 'stderr', 'journal' or 'file:PATH'");
}

TEST_F(Log, WritesToStderrBeforeTheStartAndAfterTheStop) {
  ::testing::internal::CaptureStderr();
  warn("early");
  info("too.low");
  ASSERT_TRUE(start(Level::info, target("log"), Format::text));
  info("between");
  stop();
  info("late");

  const std::string shown = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(shown, HasSubstr("event=early"));
  EXPECT_THAT(shown, HasSubstr("event=late"));
  EXPECT_THAT(shown, Not(HasSubstr("event=too.low")));
  EXPECT_THAT(shown, Not(HasSubstr("event=between")));
}

TEST_F(Log, NeverBlocksOnATargetThatDoesNotReadAndCountsWhatItLost) {
  std::signal(SIGPIPE, SIG_IGN);
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  Fd reader{::open(path("fifo").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
  ASSERT_TRUE(start(Level::info, target("fifo"), Format::text));
  const std::uint64_t before = dropped();

  for (int i = 0; i < 20'000; ++i) info("flood", f("n", i));

  EXPECT_GT(dropped(), before + 1000);
  reader.reset();  // the writer gets EPIPE and goes on, so that the stop ends
}

TEST_F(Log, WritesOneJsonObjectALineWithNumbersAsNumbers) {
  ASSERT_TRUE(start(Level::info, target("log"), Format::json));

  info("connection.closed", f("bytes_in", 1024), f("clean", true), f("share", 0.5), f("id", "2-17"));
  stop();

  EXPECT_THAT(text("log"), StartsWith(R"({"time":")"));
  EXPECT_THAT(text("log"), EndsWith(R"("level":"info","event":"connection.closed","bytes_in":1024,)"
                                    R"("clean":true,"share":0.5,"id":"2-17"})"
                                    "\n"));
}

TEST(LogRecord, SurvivesPackingWithBytesOfEveryKind) {
  const std::string value("a\0b\n\xff", 5);

  const std::string packed = pack("e", {f("one", value), f("two", 2), f("empty", "")});
  const Record unpacked = unpack(Level::warn, WallTime{}, packed);

  EXPECT_EQ(unpacked.event, "e");
  ASSERT_EQ(unpacked.fields.size(), 3U);
  EXPECT_EQ(unpacked.fields[0].value, value);
  EXPECT_TRUE(unpacked.fields[1].bare);
  EXPECT_EQ(unpacked.fields[2].value, "");
}

TEST(LogRecord, CutsAValueThatIsTooLong) {
  const std::string packed = pack("e", {f("value", std::string(10'000, 'x'))});

  const Record unpacked = unpack(Level::info, WallTime{}, packed);

  EXPECT_EQ(unpacked.fields.at(0).value.size(), 2048U);
  EXPECT_THAT(std::string{unpacked.fields.at(0).value}, EndsWith("x..."));
}

TEST(LogRecord, QuotesAndEscapesWhatAPeerCouldForgeALineWith) {
  EXPECT_EQ(text_line(record({{"got", "a\nevent=fake \"x\" \\ \x1b[31m"}}), Head::prefixed),
            "<6>event=peer.said got=\"a\\nevent=fake \\\"x\\\" \\\\ \\x1b[31m\"\n");
}

TEST(LogRecord, QuotesAnEmptyValue) {
  EXPECT_EQ(text_line(record({{"got", ""}}), Head::prefixed), "<6>event=peer.said got=\"\"\n");
}

TEST(LogRecord, RenamesAFieldThatBearsANameOfTheLineItself) {
  EXPECT_EQ(text_line(record({{"event", "x"}}), Head::prefixed), "<6>event=peer.said field_event=x\n");
}

TEST(LogRecord, ReplacesBytesThatAreNoUtf8InJsonAndKeepsThoseThatAre) {
  EXPECT_THAT(json_line(record({{"got", "\xc3\xa4\xff\xed\xa0\x80\xf4\x90\x80\x80\xc0\xaf\""}}), Head::timed),
              EndsWith("\"got\":\"\xc3\xa4\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
                       "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\\\"\"}\n"));
}

TEST(LogRecord, WritesNoControlIntoJsonAsItIs) {
  EXPECT_THAT(json_line(record({{"got", "\x1b[2J\x7f\xc2\x9b\xc2\xa0"}}), Head::timed),
              EndsWith("\"got\":\"\\u001b[2J\\u007f\\u009b\xc2\xa0\"}\n"));
}

TEST(LogRecord, WritesANumberThatJsonDoesNotKnowAsAString) {
  EXPECT_THAT(json_line(record({{"share", "nan", true}}), Head::timed), EndsWith(R"("share":"nan"})"
                                                                                 "\n"));
}

TEST(LogRecord, LeavesOutWhatIsNotKnownAndSaysNullInJson) {
  const Record said = record({{"peer_id", "", true}, {"n", "1", true}});

  EXPECT_EQ(text_line(said, Head::prefixed), "<6>event=peer.said n=1\n");
  EXPECT_THAT(json_line(said, Head::timed), EndsWith(R"("peer_id":null,"n":1})"
                                                     "\n"));
  EXPECT_THAT(journal_fields(said, Format::text),
              ElementsAre("MESSAGE=event=peer.said n=1", "PRIORITY=6", "SYSLOG_IDENTIFIER=tcpctld",
                          "EVENT=peer.said", "N=1"));
}

TEST(LogRecord, GivesTheJournalFieldsUnderAPrefix) {
  EXPECT_THAT(journal_fields(record({{"time", "x"}}), Format::text, "TCPCTL_"), Contains("TCPCTL_TIME=x"));
}

TEST_F(Log, LeavesNoPieceOfALineWhereTheDiskFillsUpInIt) {
  std::signal(SIGXFSZ, SIG_IGN);
  auto sink = StreamSink::file(path("log"), Format::text);
  ASSERT_TRUE(sink);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit full{200, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &full);

  std::string refusal;
  for (int i = 0; i < 10 && refusal.empty(); ++i) {
    if (const auto written = (*sink)->write(record({{"n", "1"}})); !written) refusal = written.error().what;
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  ASSERT_TRUE((*sink)->write(record({{"n", "2"}})));

  EXPECT_EQ(refusal, "'" + path("log").string() + "': File too large");
  EXPECT_THAT(text("log"), ContainsRegex("^([^\n]*event=peer.said n=1\n)+[^\n]*event=peer.said n=2\n$"));
}

TEST(LogRecord, GivesTheJournalEachFieldUnderItsUpperCaseName) {
  const auto fields = journal_fields(record({{"listener", "web"}, {"age_ms", "31"}}), Format::text);

  EXPECT_THAT(fields,
              ElementsAre("MESSAGE=event=peer.said listener=web age_ms=31", "PRIORITY=6",
                          "SYSLOG_IDENTIFIER=tcpctld", "EVENT=peer.said", "LISTENER=web", "AGE_MS=31"));
}

TEST(LogLevel, IsParsedFromItsNameAndFromNothingElse) {
  EXPECT_EQ(parse_level("debug"), Level::debug);
  EXPECT_EQ(level_name(Level::error), "error");
  ASSERT_FALSE(parse_level("Debug"));
  EXPECT_EQ(parse_level("verbose").error().what,
            "log level 'verbose': use trace, debug, info, warn or error");
}

}  // namespace
}  // namespace tcpctl::log
