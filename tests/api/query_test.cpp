// SPDX-License-Identifier: Apache-2.0
#include "api/query.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace tcpctl::api {
namespace {

using namespace std::chrono_literals;

std::string refusal(const Query& query, bool closed = false) {
  const auto result = connection_query(query, closed);
  if (result) return "taken";
  EXPECT_EQ(result.error().status, 400);
  return result.error().detail;
}

TEST(Query, HasDefaultsWhereNothingIsAsked) {
  const auto query = connection_query({}, false).value();

  EXPECT_EQ(query.limit, 100U);
  EXPECT_EQ(query.sort, ConnectionQuery::Sort::id);
  EXPECT_FALSE(query.descending);
  EXPECT_FALSE(query.has_filter());
}

TEST(Query, ShowsTheLastEndFirst) {
  const auto query = connection_query({}, true).value();

  EXPECT_EQ(query.sort, ConnectionQuery::Sort::closed_at);
  EXPECT_TRUE(query.descending);
}

TEST(Query, ReadsEveryFilter) {
  const auto query = connection_query({{"listener", "web"},
                                       {"client", "feed"},
                                       {"service", "echo"},
                                       {"state", "estab"},
                                       {"direction", "outbound"},
                                       {"peer", "10.0.0.0/8"},
                                       {"local", "10.0.0.1"},
                                       {"where", "rtt>50ms,bytes_in >= 1MB"},
                                       {"older_than", "1h30m"},
                                       {"min_bytes", "64KiB"},
                                       {"reason", "idle_timeout"},
                                       {"first", "local"},
                                       {"how", "rst"},
                                       {"since", "2026-11-22T13:47:41Z"},
                                       {"until", "2026-11-22T13:47:42.5+01:00"},
                                       {"sort", "-bytes_in"},
                                       {"limit", "1000"},
                                       {"cursor", "abc"}},
                                      true)
                         .value();

  EXPECT_EQ(query.listener, "web");
  EXPECT_EQ(query.client, "feed");
  EXPECT_EQ(query.service, "echo");
  EXPECT_EQ(query.state, "ESTABLISHED");
  EXPECT_EQ(query.direction, Direction::outbound);
  EXPECT_EQ(query.peer->text(), "10.0.0.0/8");
  EXPECT_EQ(query.local->text(), "10.0.0.1/32");
  EXPECT_EQ(query.where,
            (std::vector{Comparison{Comparison::Field::rtt, Comparison::Sign::more, 50'000'000},
                         Comparison{Comparison::Field::bytes_in, Comparison::Sign::at_least, 1'000'000}}));
  EXPECT_EQ(query.older_than, 90min);
  EXPECT_EQ(query.min_bytes, 65536U);
  EXPECT_EQ(query.reason, Reason::idle_timeout);
  EXPECT_EQ(query.first, First::local);
  EXPECT_EQ(query.how, How::rst);
  EXPECT_EQ(rfc3339(*query.since), "2026-11-22T13:47:41.000000Z");
  EXPECT_EQ(rfc3339(*query.until), "2026-11-22T12:47:42.500000Z");
  EXPECT_EQ(query.sort, ConnectionQuery::Sort::bytes_in);
  EXPECT_TRUE(query.descending);
  EXPECT_EQ(query.limit, 1000U);
  EXPECT_EQ(query.cursor, "abc");
}

TEST(Query, TakesAPlainNumberOfBytes) {
  EXPECT_EQ(connection_query({{"min_bytes", "1000"}}, false)->min_bytes, 1000U);
}

TEST(Query, SaysWhatIsWrongAndWhatWasMeant) {
  EXPECT_EQ(refusal({{"limit", "0"}}), "query parameter 'limit': '0' is not a number 1 .. 1000");
  EXPECT_EQ(refusal({{"limit", "1001"}}), "query parameter 'limit': '1001' is not a number 1 .. 1000");
  EXPECT_EQ(refusal({{"limit", "5 "}}), "query parameter 'limit': '5 ' is not a number 1 .. 1000");
  EXPECT_EQ(refusal({{"sort", "agee"}}), "query parameter 'sort': 'agee' is unknown; did you mean 'age'?");
  EXPECT_EQ(refusal({{"state", "establish"}}),
            "query parameter 'state': 'establish' is none of SYN_SENT, SYN_RCVD, ESTABLISHED, FIN_WAIT_1, "
            "FIN_WAIT_2, CLOSE_WAIT, CLOSING, LAST_ACK, TIME_WAIT, CLOSED, LISTEN");
  EXPECT_EQ(refusal({{"direction", "in"}}), "query parameter 'direction': 'in' is none of inbound, outbound");
  EXPECT_EQ(refusal({{"how", "rsst"}}, true),
            "query parameter 'how': 'rsst' is unknown; did you mean 'rst'?");
  EXPECT_EQ(refusal({{"since", "yesterday"}}, true),
            "query parameter 'since': 'yesterday' is no RFC 3339 time such as 2026-11-22T13:47:41Z");
  EXPECT_NE(refusal({{"peer", "10.0.0.0/40"}}), "taken");
  EXPECT_EQ(refusal({{"where", "rt>50ms"}}), "query parameter 'where': 'rt' is unknown; did you mean 'rtt'?");
  EXPECT_EQ(refusal({{"where", "rtt>50"}}),
            "query parameter 'where': duration '50': unit missing, write '50s'");
  EXPECT_EQ(refusal({{"where", "cwnd>1,"}}),
            "query parameter 'where': '' is no comparison; write 'rtt>50ms' or 'bytes_in>=1MB'");
  EXPECT_EQ(refusal({{"where", "mss>1,mss>1,mss>1,mss>1,mss>1,mss>1,mss>1,mss>1,mss>1"}}),
            "query parameter 'where': more than 8 comparisons");
  EXPECT_NE(refusal({{"local", "10.0.0.0/40"}}), "taken");
  EXPECT_NE(refusal({{"older_than", "5"}}), "taken");
  EXPECT_NE(refusal({{"min_bytes", "-1"}}), "taken");
}

TEST(Query, SortsOnlyTheClosedByTheirEnd) {
  EXPECT_NE(refusal({{"sort", "closed_at"}}), "taken");
  EXPECT_EQ(refusal({{"sort", "closed_at"}}, true), "taken");
}

TEST(Query, PassesOnNoCursorThatItCannotHaveMade) {
  EXPECT_NE(refusal({{"cursor", std::string(257, 'a')}}), "taken");
  EXPECT_NE(refusal({{"cursor", "a\nb"}}), "taken");
}

TEST(Query, EscapesWhatItShows) {
  EXPECT_EQ(refusal({{"limit", "\x1b[2J"}}), "query parameter 'limit': '\\x1b[2J' is not a number 1 .. 1000");
}

TEST(Query, NamesTheNearestParameter) {
  const auto& route = *std::ranges::find(kRoutes, std::string_view{"get_connections"}, &Route::name);
  const auto& bare = *std::ranges::find(kRoutes, std::string_view{"get_status"}, &Route::name);

  EXPECT_EQ(check_names({{"limit", "1"}, {"state", "x"}}, route), std::nullopt);
  EXPECT_EQ(check_names({{"limti", "1"}}, route)->detail,
            "unknown query parameter 'limti'; did you mean 'limit'?");
  EXPECT_EQ(check_names({{"x", "1"}}, bare)->detail, "unknown query parameter 'x'; this takes none");
}

TEST(Query, PagesByName) {
  EXPECT_EQ(name_page({{"cursor", "web"}, {"limit", "2"}, {"sort", "-name"}})->after, "web");
  EXPECT_FALSE(name_page({{"cursor", "no name"}}));
  EXPECT_FALSE(name_page({{"sort", "age"}}));
}

TEST(Query, KnowsTheSpellingsOfSs) {
  EXPECT_EQ(normal_state("estab"), "ESTABLISHED");
  EXPECT_EQ(normal_state("syn-recv"), "SYN_RCVD");
  EXPECT_EQ(normal_state("Fin-Wait-1"), "FIN_WAIT_1");
  EXPECT_EQ(normal_state("fin_wait2"), "FIN_WAIT_2");
  EXPECT_EQ(normal_state("TIME_WAIT"), "TIME_WAIT");
  EXPECT_EQ(normal_state("unconn"), "CLOSED");
  EXPECT_EQ(normal_state(""), std::nullopt);
}

TEST(Query, ReadsTimesOfRfc3339) {
  const auto text = [](const char* written) {
    const auto time = parse_rfc3339(written);
    return time ? rfc3339(*time) : "none";
  };

  EXPECT_EQ(text("2026-11-22t13:47:41.000123456z"), "2026-11-22T13:47:41.000123Z");
  EXPECT_EQ(text("2026-11-22T00:30:00+01:00"), "2026-11-21T23:30:00.000000Z");
  EXPECT_EQ(text("2026-11-22T00:30:00 01:00"), "2026-11-21T23:30:00.000000Z");  // '+' in a query is a blank
  EXPECT_EQ(text("2026-11-22T00:30:00-01:00"), "2026-11-22T01:30:00.000000Z");
  EXPECT_EQ(text("2024-02-29T23:59:60Z"), "2024-03-01T00:00:00.000000Z");
  for (const auto* wrong :
       {"", "2026", "2026-11-22", "2026-11-22T13:47:41", "2026-11-22T13:47Z", "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T13:47:41.Z", "2026-11-22T13:47:41Zx",
        "2026-11-22T13:47:41+1:00", "-026-11-22T13:47:41Z", "2026-11-22T13:47:41.1234567890Z"}) {
    EXPECT_EQ(text(wrong), "none") << wrong;
  }
}

}  // namespace
}  // namespace tcpctl::api
