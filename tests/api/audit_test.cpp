// SPDX-License-Identifier: Apache-2.0
#include "api/audit.hpp"

#include <gtest/gtest.h>

#include "api/ask.hpp"

namespace tcpctl::api {
namespace {

/// sha256("0123456789abcdef")
constexpr const char* kSha256 = "9f9f5111f7b27a781f1f1ddde5ebc2dd2b796bfc7365c9c28b548e564176929f";
const HttpRequest::Header kBearer{"authorization", "Bearer 0123456789abcdef"};

class Audit : public testing::Test {
 protected:
  Audit() {
    AccessOptions options;
    options.tokens = {{"ci", "operate", kSha256, "", ""}};
    asker_.set_access(options);
  }
  void come_over_http() {
    asker_.peer = {};
    asker_.peer.remote = parse_ip_port("127.0.0.1:50000").value();
  }
  /// The only change that was told; one without a path where there is none, or another.
  Change told() {
    const auto all = asker_.control.changes();
    EXPECT_EQ(all.size(), 1U);
    return all.size() == 1 ? all.front() : Change{};
  }
  std::size_t count() { return asker_.control.changes().size(); }

  test::Asker asker_;
};

TEST_F(Audit, TellsWhoAskedOnTheUnixSocketAndWhatCameOfIt) {
  asker_.peer.pid = 4711;

  asker_.ask("POST", "/v1/listeners/web/pause");

  const auto change = told();
  EXPECT_EQ(change.who, "uid:0");
  EXPECT_EQ(change.user, "root");
  EXPECT_EQ(change.pid, 4711);
  EXPECT_EQ(change.method, "POST");
  EXPECT_EQ(change.path, "/v1/listeners/web/pause");
  EXPECT_EQ(change.what, "pause_listener");
  EXPECT_EQ(change.status, 200);
  EXPECT_EQ(change.outcome, Change::Outcome::done);
  EXPECT_EQ(change.party, "web");
  EXPECT_FALSE(change.of_client);
}

TEST_F(Audit, TellsABearerByTheNameOfItsToken) {
  come_over_http();

  asker_.ask("POST", "/v1/clients/feed/pause", "", {kBearer});

  const auto change = told();
  EXPECT_EQ(change.who, "token:ci");
  EXPECT_EQ(change.user, "");
  EXPECT_EQ(change.pid, 0);
  EXPECT_EQ(change.party, "feed");
  EXPECT_TRUE(change.of_client);
}

TEST_F(Audit, TellsARoleThatIsTooWeakAsRefused) {
  come_over_http();

  asker_.ask("POST", "/v1/config/reload", "", {kBearer});
  asker_.ask("POST", "/v1/config/reload");

  const auto changes = asker_.control.changes();
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(changes[0].who, "token:ci");
  EXPECT_EQ(changes[0].status, 403);
  EXPECT_EQ(changes[1].who, "anonymous:127.0.0.1");
  EXPECT_EQ(changes[1].status, 401);
  for (const auto& change : changes) EXPECT_EQ(change.outcome, Change::Outcome::refused);
}

TEST_F(Audit, TellsWhatCouldNotBeDoneAsFailed) {
  asker_.ask("POST", "/v1/listeners/nobody/pause");

  EXPECT_EQ(told().outcome, Change::Outcome::failed);
  EXPECT_EQ(told().status, 404);
}

TEST_F(Audit, TellsNoReadingAndNothingThatOnlyTriesOut) {
  asker_.get("/v1/status");
  asker_.ask("HEAD", "/v1/status");
  asker_.ask("POST", "/v1/config/check", "{}");
  asker_.ask("POST", "/v1/config/reload?dry_run=true");

  EXPECT_EQ(count(), 0U);
}

TEST_F(Audit, TellsNothingThatNobodyWasAskedFor) {
  asker_.ask("POST", "/v1/nothing");
  asker_.ask("DELETE", "/v1/status");
  asker_.ask("POST", "/v1/listeners/web/pause", "", {{"host", "evil.example"}});
  asker_.ask("POST", "/v1/listeners/web/pause", "", {{"origin", "http://evil.example"}});

  EXPECT_EQ(count(), 0U);
}

TEST_F(Audit, TellsNoPieceThatAReaderTakes) {
  asker_.ask("POST", "/v1/clients/feed/received", R"({"upto": 5})");
  EXPECT_EQ(count(), 0U);

  come_over_http();
  asker_.ask("POST", "/v1/clients/feed/received", R"({"upto": 5})");
  EXPECT_EQ(count(), 1U) << "one that was refused is told";
}

TEST_F(Audit, BoundsAndEscapesWhatItWasAskedFor) {
  asker_.ask("POST", "/v1/listeners/a%0A%1B" + std::string(1000, 'x') + "/pause?secret=hunter2");

  const auto change = told();
  EXPECT_EQ(change.path.substr(0, 22), "/v1/listeners/a\\n\\x1bx");
  EXPECT_LT(change.path.size(), 300U);
  EXPECT_EQ(change.party, "") << "that is no name";
  EXPECT_EQ(change.path.find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace tcpctl::api
