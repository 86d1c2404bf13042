// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "api/ask.hpp"

namespace tcpctl::api {
namespace {

class Events : public testing::Test {
 protected:
  using Response = test::Response;
  Response get(const std::string& query) { return asker_.get("/v1/events" + query); }
  static std::string numbers(const Response& response) {
    std::string all;
    const auto json = response.json();
    for (const auto& item : json.at("items")) all += item.at("seq").dump() + " ";
    return all;
  }

  test::Asker asker_;
  test::FakeControlPlane& control_{asker_.control};
};

TEST_F(Events, AreShownWithEveryFieldAndNullWhereNothingIsKnown) {
  control_.event_book.add(test::sample_events());

  const auto items = get("").json().at("items");

  EXPECT_EQ(items.at(0).dump(),
            R"({"seq":1,"at":"2026-11-22T13:47:41.000123Z","type":"opened","listener":"web","client":null,)"
            R"("upstream":null,"connection":"2-1417","peer_id":"2-1418","direction":"inbound",)"
            R"("remote":"10.0.0.7:51344","proxied_source":null,"first":null,"how":null,"reason":null,)"
            R"("detail":null,"duration_ms":null,"bytes_in":null,"bytes_out":null,"change":null})");
  EXPECT_EQ(items.at(1).at("first"), "remote");
  EXPECT_EQ(items.at(1).at("how"), "fin");
  EXPECT_EQ(items.at(1).at("reason"), "peer_fin");
  EXPECT_EQ(items.at(1).at("duration_ms"), 1500.25);
  EXPECT_EQ(items.at(1).at("bytes_out"), 9);
  EXPECT_EQ(items.at(2).at("client"), "feed");
  EXPECT_EQ(items.at(2).at("detail"), "a \"quoted\" \xEF\xBF\xBD");
  EXPECT_TRUE(items.at(2).at("listener").is_null());
}

TEST_F(Events, OfChangesTellWhoDidWhat) {
  EventBatch batch;
  batch.texts = {std::make_shared<const std::string>("web")};
  batch.events.emplace_back().kind = EventKind::change;
  batch.events.front().party = 1;
  batch.change = std::make_shared<const Change>(Change{.who = "uid:0",
                                                       .user = "root",
                                                       .pid = 7,
                                                       .method = "POST",
                                                       .path = "/v1/listeners/\"\xff",
                                                       .what = "pause_listener",
                                                       .status = 403,
                                                       .outcome = Change::Outcome::refused});
  control_.event_book.add(std::move(batch));
  EventBatch signal;
  signal.events.emplace_back().kind = EventKind::change;
  signal.change = std::make_shared<const Change>(Change{.who = "signal", .what = "reload_config"});
  control_.event_book.add(std::move(signal));

  const auto items = get("?type=change").json().at("items");

  EXPECT_EQ(items.at(0).at("listener"), "web");
  EXPECT_EQ(items.at(0).at("change").dump(),
            R"({"who":"uid:0","user":"root","pid":7,"method":"POST","path":"/v1/listeners/\")"
            "\xEF\xBF\xBD"
            R"(","what":"pause_listener","status":403,"outcome":"refused"})");
  EXPECT_EQ(items.at(1).at("change").dump(),
            R"({"who":"signal","user":null,"pid":null,"method":null,"path":null,"what":"reload_config",)"
            R"("status":null,"outcome":"done"})");
}

TEST_F(Events, AreTheLastOnesWithoutANumber) {
  for (int i = 0; i < 3; ++i) control_.event_book.add(test::sample_events());

  const auto last = get("?limit=2");

  EXPECT_EQ(numbers(last), "8 9 ");
  EXPECT_EQ(last.json().at("total"), 9);
  EXPECT_EQ(last.json().at("next"), 9);
  EXPECT_EQ(last.json().at("dropped"), 0);
}

TEST_F(Events, AreReadInPagesBehindANumber) {
  control_.event_book.add(test::sample_events());

  const auto first = get("?since=0&limit=2");
  const auto second = get("?since=2&limit=2");
  const auto none = get("?since=3&limit=2");

  EXPECT_EQ(numbers(first), "1 2 ");
  EXPECT_EQ(first.json().at("next"), 2);
  EXPECT_EQ(first.json().at("total"), 3);
  EXPECT_EQ(numbers(second), "3 ");
  EXPECT_EQ(second.json().at("next"), 3);
  EXPECT_EQ(numbers(none), "");
  EXPECT_EQ(none.json().at("next"), 3);
  EXPECT_EQ(none.json().at("since"), 3);
  EXPECT_TRUE(get("").json().at("since").is_null());
}

TEST_F(Events, BehindANumberOfAnotherLifeSayWhereThisOneBegan) {
  control_.event_book = EventBook{1000, 1001};
  control_.event_book.add(test::sample_events());

  for (const auto* const query : {"?since=7", "?since=5000"}) {
    const auto json = get(query).json();
    EXPECT_EQ(json.at("since"), 1000) << query;
    EXPECT_EQ(json.at("total"), 3) << query;
    EXPECT_EQ(json.at("dropped"), 0) << query;
  }
}

TEST_F(Events, ThatCannotBeReadAnyMoreAreCounted) {
  control_.event_book.set_limit(3);
  auto batch = test::sample_events();
  batch.dropped = 4;
  control_.event_book.add(std::move(batch));
  control_.event_book.add(test::sample_events());

  const auto read = get("?since=1");

  EXPECT_EQ(numbers(read), "8 9 10 ");
  EXPECT_EQ(read.json().at("dropped"), 6);
  EXPECT_EQ(read.json().at("next"), 10);
}

TEST_F(Events, OfOnePartyAndTypeLeadBehindAllThatWereLookedAt) {
  control_.event_book.add(test::sample_events());

  EXPECT_EQ(numbers(get("?since=0&listener=web")), "1 2 ");
  EXPECT_EQ(numbers(get("?type=closed,client_up")), "2 3 ");
  EXPECT_EQ(numbers(get("?client=feed")), "3 ");
  EXPECT_EQ(get("?since=0&listener=web").json().at("next"), 3);
  EXPECT_EQ(numbers(get("?peer=10.0.0.0/8&direction=inbound&type=opened")), "1 ");
}

TEST_F(Events, AreRefusedWithWordsForAWrongQuestion) {
  EXPECT_NE(get("?type=close").body.find("did you mean 'closed'?"), std::string::npos);
  EXPECT_EQ(get("?type=").status, 400);
  EXPECT_EQ(get("?since=-1").status, 400);
  EXPECT_EQ(get("?since=yesterday").status, 400);
  EXPECT_EQ(get("?limit=1001").status, 400);
  EXPECT_EQ(get("?peer=x").status, 400);
}

TEST_F(Events, ThatAreOffAreAConflict) {
  control_.event_book.set_limit(0);

  EXPECT_EQ(get("").status, 409);
}

}  // namespace
}  // namespace tcpctl::api
