// SPDX-License-Identifier: Apache-2.0
// tcpctl events and tcpctl conn watch.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ctl/json.hpp"
#include "fake_daemon.hpp"
#include "run_tcpctl.hpp"

namespace tcpctl::ctl::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string kClosed =
    R"({"seq":1204,"at":"2026-11-22T13:47:41.000123Z","type":"closed","listener":"web","client":null,"upstream":"u1",)"
    R"("connection":"2-1418","peer_id":"2-1417","direction":"outbound","remote":"10.0.0.7:51344","proxied_source":null,)"
    R"("first":"remote","how":"fin","reason":"peer_fin","detail":null,"duration_ms":1500.250,"bytes_in":4,"bytes_out":9})";
const std::string kReload =
    R"({"seq":1205,"at":"2026-11-22T13:47:42.000123Z","type":"reload","listener":null,"client":null,"upstream":null,)"
    R"("connection":null,"peer_id":null,"direction":null,"remote":null,"proxied_source":null,)"
    R"("first":null,"how":null,"reason":null,"detail":"1 added","duration_ms":null,"bytes_in":null,"bytes_out":null})";

const std::string kChange =
    R"({"seq":1206,"at":"2026-11-22T13:47:43.000123Z","type":"change","listener":"web","client":null,"upstream":null,)"
    R"("connection":null,"peer_id":null,"direction":null,"remote":null,"proxied_source":null,)"
    R"("first":null,"how":null,"reason":null,"detail":"7 more","duration_ms":null,"bytes_in":null,"bytes_out":null,)"
    R"("change":{"who":"uid:0","user":"root","pid":7,"method":"POST","path":"/v1/listeners/web/pause",)"
    R"("what":"pause_listener","status":403,"outcome":"refused"}})";

std::string page(const std::string& items, int next, int dropped = 0, const std::string& since = "null") {
  return R"({"items": [)" + items + R"(], "total": 2, "since": )" + since + R"(, "next": )" +
         std::to_string(next) + R"(, "dropped": )" + std::to_string(dropped) + "}";
}

/// A stream of `frames` that ends then.
std::string stream(const std::string& frames) {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\nretry: 1\n" + frames;
}

class Events : public ::testing::Test {
 protected:
  [[nodiscard]] Ran here(std::vector<std::string> words, const Around& around = {}) const {
    words.insert(words.begin(), {"--host", daemon_.host(), "--utc"});
    return tcpctl(words, around);
  }
  FakeDaemon daemon_;
};

TEST_F(Events, AreListedWithWhatHappened) {
  daemon_.answer("GET /v1/events?limit=100", page(kClosed + "," + kReload, 1205));

  const auto ran = here({"events"});

  EXPECT_EQ(ran.exit, Exit::done);
  EXPECT_THAT(ran.out, HasSubstr("2026-11-22 13:47:41Z  closed  web/u1  2-1418  10.0.0.7:51344  "
                                 "remote fin, peer_fin, 1.5s, in 4 B, out 9 B"));
  EXPECT_THAT(ran.out, HasSubstr("1 added"));
}

TEST_F(Events, OfChangesSayWhoDidWhatAndWhatCameOfIt) {
  daemon_.answer("GET /v1/events?limit=100", page(kChange, 1206));

  EXPECT_THAT(
      here({"events"}).out,
      HasSubstr("change  web  -   -       uid:0 (root) POST /v1/listeners/web/pause: refused, 7 more"));
  EXPECT_THAT(here({"events", "-o", "csv"}).out, HasSubstr("uid:0,pause_listener,refused"));
}

TEST_F(Events, AreReadInPagesBehindANumber) {
  daemon_.answer("GET /v1/events?type=closed&since=1000&limit=1000", page(kClosed, 1204, 3, "1000"));
  daemon_.answer("GET /v1/events?type=closed&since=1204&limit=1000", page("", 1204, 0, "1204"));

  const auto ran = here({"events", "--type", "closed", "--since", "1000", "-o", "json"});

  EXPECT_EQ(ran.exit, Exit::done);
  const auto json = Json::parse(ran.out);
  ASSERT_TRUE(json);
  EXPECT_EQ(json->items("items").size(), 1U);
  EXPECT_THAT(ran.err, HasSubstr("3 events behind 1000 are missing"));
}

TEST_F(Events, BehindANumberOfAnotherLifeAreSaidToBeAllOfThisOneInOneSentence) {
  daemon_.answer("GET /v1/events?since=77&limit=1000", page(kClosed, 1204, 3, "1000"));
  daemon_.answer("GET /v1/events?since=0&limit=1000", page(kClosed, 1204, 3, "1000"));
  daemon_.answer("GET /v1/events?since=1204&limit=1000", page("", 1204, 0, "1204"));

  const auto ran = here({"events", "--since", "77"});

  EXPECT_EQ(ran.exit, Exit::done);
  EXPECT_THAT(ran.err, HasSubstr("event 77 is of another life of the daemon"));
  EXPECT_THAT(ran.err, Not(HasSubstr("missing")));
  EXPECT_EQ(here({"events", "--since", "0"}).err, "");
}

TEST_F(Events, FollowedFromANumberOfAnotherLifeAreSaidToBeAllOfThisOne) {
  const auto greeted = stream("id: 1000\n\nid: 1204\nevent: closed\ndata: " + kClosed + "\n\n");
  daemon_.answer_raw("GET /v1/events?since=77", greeted);
  daemon_.answer_raw("GET /v1/events?since=1000", greeted);

  const auto other = here({"events", "-f", "--since", "77"}, {.reader_leaves_after = 1});
  const auto same = here({"events", "-f", "--since", "1000"}, {.reader_leaves_after = 1});

  EXPECT_THAT(other.err, HasSubstr("event 77 is of another life of the daemon"));
  EXPECT_THAT(same.err, Not(HasSubstr("another life")));
}

TEST_F(Events, AreFollowedAsOneJsonObjectALine) {
  daemon_.answer_raw("GET /v1/events", stream("id: 1204\nevent: closed\ndata: " + kClosed +
                                              "\n\nid: 1205\nevent: reload\ndata: " + kReload + "\n\n"));

  const auto ran = here({"events", "-f", "-o", "json"}, {.reader_leaves_after = kClosed.size() + 2});

  EXPECT_EQ(ran.exit, Exit::done);
  const auto end = ran.out.find('\n');
  ASSERT_NE(end, std::string::npos);
  EXPECT_EQ(Json::parse(ran.out.substr(0, end))->count("seq"), 1204U);
  EXPECT_EQ(Json::parse(ran.out.substr(end + 1))->count("seq"), 1205U);
}

TEST_F(Events, GoOnBehindTheLastOneWhenTheStreamIsLost) {
  daemon_.answer_raw("GET /v1/events", stream("id: 1204\nevent: closed\ndata: " + kClosed + "\n\n"));

  const auto ran = here({"events", "-f"}, {.reader_leaves_after = 100});

  EXPECT_EQ(ran.exit, Exit::done);
  EXPECT_THAT(daemon_.last(), HasSubstr("\r\nLast-Event-ID: 1204\r\n"));
  EXPECT_THAT(daemon_.last(), HasSubstr("\r\nAccept: text/event-stream\r\n"));
  EXPECT_THAT(ran.err, HasSubstr("closed the stream; waiting for the daemon"));
}

TEST_F(Events, SayHowManyAreMissing) {
  daemon_.answer_raw("GET /v1/events", stream("id: 9\nevent: dropped\ndata: {\"dropped\":8}\n\n"
                                              "id: 1204\nevent: closed\ndata: " +
                                              kClosed + "\n\n"));

  EXPECT_THAT(here({"events", "-f"}, {.reader_leaves_after = 1}).err, HasSubstr("8 events are missing here"));
}

TEST_F(Events, AreNotFollowedWhereTheDaemonRefuses) {
  daemon_.answer("GET /v1/events", problem(409, "events are off"));

  const auto ran = here({"events", "-f"});

  EXPECT_EQ(ran.exit, Exit::failed);
  EXPECT_THAT(ran.err, HasSubstr("events are off"));
}

TEST_F(Events, AreNotFollowedWhereThereIsNoStream) {
  daemon_.answer("GET /v1/events", std::string{"{}"});

  EXPECT_EQ(here({"events", "-f"}).exit, Exit::failed);
}

TEST_F(Events, AreNotWaitedForWhereNoDaemonEverWas) {
  EXPECT_EQ(tcpctl({"--host", "unix:/nonexistent/api.sock", "events", "-f"}).exit, Exit::unreachable);
}

TEST_F(Events, OfConnectionsAreWatchedWithTheirFilters) {
  daemon_.answer_raw("GET /v1/events?listener=web&peer=10.0.0.0%2F8&type=opened%2Cclosed",
                     stream("id: 1204\nevent: closed\ndata: " + kClosed + "\n\n"));

  const auto ran =
      here({"conn", "watch", "--listener", "web", "--peer", "10.0.0.0/8"}, {.reader_leaves_after = 1});

  EXPECT_EQ(ran.exit, Exit::done);
  EXPECT_THAT(ran.out, HasSubstr("closed         web/u1        2-1418    10.0.0.7:51344"));
}

TEST_F(Events, TakeNoLimitThatMakesNoSense) {
  EXPECT_EQ(here({"events", "--limit", "1001"}).exit, Exit::usage);
  EXPECT_EQ(here({"events", "-f", "--limit", "5"}).exit, Exit::usage);
  EXPECT_THAT(daemon_.asked(), IsEmpty());
}

}  // namespace
}  // namespace tcpctl::ctl::test
