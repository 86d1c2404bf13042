// SPDX-License-Identifier: Apache-2.0
#include "ctl/token.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "config/config.hpp"
#include "ctl/json.hpp"
#include "run_tcpctl.hpp"

namespace tcpctl::ctl::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;

class Token : public ::testing::Test {
 protected:
  Token() {
    std::string name = (std::filesystem::temp_directory_path() / "tcpctl-token-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~Token() override { std::filesystem::remove_all(folder_); }
  Token(const Token&) = delete;
  Token& operator=(const Token&) = delete;

  /// With a host where nobody is: it is not asked.
  [[nodiscard]] static Ran make(std::vector<std::string> words) {
    words.insert(words.begin(), {"--host", "unix:/nonexistent", "token", "new"});
    return tcpctl(words);
  }
  [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }
  [[nodiscard]] static std::string text_of(const std::string& file) {
    std::ifstream in{file};
    return {std::istreambuf_iterator<char>{in}, {}};
  }

  std::filesystem::path folder_;
};

TEST_F(Token, IsPrintedAloneAndHowItIsDeclaredAside) {
  const auto ran = make({"ci", "--role", "operate"});

  ASSERT_EQ(ran.exit, Exit::done) << ran.err;
  ASSERT_THAT(ran.out, MatchesRegex("tcpctl_[0-9a-f]{64}\n"));
  const auto token = ran.out.substr(0, ran.out.size() - 1);
  EXPECT_THAT(ran.err,
              HasSubstr("[api.tokens.ci]\nrole = \"operate\"\nsha256 = \"" + sha256_hex(token) + "\"\n"));
  EXPECT_THAT(ran.err, Not(HasSubstr(token)));
}

TEST_F(Token, IsDeclaredSoThatSeveralCanStandInOneFile) {
  const auto first = make({"ci", "-f", path("ci")});
  const auto second = make({"ci.deploy", "-f", path("deploy")});

  const auto both = config::parse_toml(first.out + second.out, "both");

  ASSERT_TRUE(both) << both.error().front().text();
  EXPECT_EQ(std::get<config::Node::Table>(both->find("api")->find("tokens")->value()).size(), 2U);
}

TEST_F(Token, IsAnotherOneEachTime) { EXPECT_NE(make({"ci"}).out, make({"ci"}).out); }

TEST_F(Token, MayOnlyReadUnlessToldOtherwise) { EXPECT_THAT(make({"ci"}).err, HasSubstr("role = \"read\"")); }

TEST_F(Token, GoesIntoAFileOfItsOwnersAlone) {
  const auto ran = make({"ci.deploy", "--role", "admin", "--out", path("a \"b\"")});

  ASSERT_EQ(ran.exit, Exit::done) << ran.err;
  struct stat status{};
  ASSERT_EQ(::stat(path("a \"b\"").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  const auto token = read_token(path("a \"b\""));
  ASSERT_TRUE(token);
  EXPECT_THAT(*token, MatchesRegex("tcpctl_[0-9a-f]{64}"));
  EXPECT_EQ(ran.out, "[api.tokens.\"ci.deploy\"]\nrole = \"admin\"\nfile = \"" + folder_.string() +
                         "/a \\\"b\\\"\"\n");
  EXPECT_THAT(ran.err, HasSubstr("LoadCredential=ci.deploy:FILE"));
  EXPECT_THAT(ran.out + ran.err, Not(HasSubstr(*token)));
}

TEST_F(Token, OverwritesNoFile) {
  std::ofstream{path("old")} << "precious";
  std::filesystem::create_symlink(path("elsewhere"), path("link"));

  for (const auto* name : {"old", "link"}) {
    const auto ran = make({"ci", "-f", path(name)});
    EXPECT_EQ(ran.exit, Exit::failed);
    EXPECT_THAT(ran.out, IsEmpty());
    EXPECT_THAT(ran.err, HasSubstr(std::string{name} + ": is there already"));
  }
  EXPECT_EQ(text_of(path("old")), "precious");
  EXPECT_FALSE(std::filesystem::exists(path("elsewhere")));
  EXPECT_THAT(make({"ci", "-f", path("no/such/folder")}).err, HasSubstr("No such file or directory"));
}

TEST_F(Token, IsJsonForPrograms) {
  const auto printed = Json::parse(make({"ci", "-o", "json"}).out).value_or(Json{});
  const auto kept = Json::parse(make({"ci", "-o", "json", "-f", path("f")}).out).value_or(Json{});

  EXPECT_EQ(printed.text("name"), "ci");
  EXPECT_EQ(printed.text("role"), "read");
  EXPECT_EQ(printed.text("sha256"), sha256_hex(printed.text("token").value_or("")));
  EXPECT_TRUE(printed.at("file").is_null());
  EXPECT_THAT(printed.text("toml").value_or(""), HasSubstr("[api.tokens.ci]\nrole = "));
  EXPECT_TRUE(kept.at("token").is_null());
  EXPECT_EQ(kept.text("file"), path("f"));
  EXPECT_EQ(kept.text("sha256"), sha256_hex(read_token(path("f")).value_or("")));
}

TEST_F(Token, IsRefusedWithOneSentenceWhereItsNameOrRoleIsWrong) {
  for (const auto& words : std::vector<std::vector<std::string>>{{"-ci"},
                                                                 {"c i"},
                                                                 {""},
                                                                 {std::string(65, 'a')},
                                                                 {"ci", "--role", "boss"},
                                                                 {"ci", "--role", "none"},
                                                                 {"ci", "--role", ""},
                                                                 {"ci", "--out", ""},
                                                                 {"ci", "-o", "csv"},
                                                                 {},
                                                                 {"ci", "too"}}) {
    const auto ran = make(words);
    EXPECT_EQ(ran.exit, Exit::usage) << ::testing::PrintToString(words);
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
    EXPECT_THAT(ran.out, IsEmpty());
  }
  EXPECT_THAT(make({"ci", "--role", "boss"}).err,
              HasSubstr("--role: 'boss' is none of read, operate and admin"));
}

TEST_F(Token, HashesAsFips180Says) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace tcpctl::ctl::test
