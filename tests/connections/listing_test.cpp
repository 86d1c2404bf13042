// SPDX-License-Identifier: Apache-2.0
#include "connections/listing.hpp"

#include <algorithm>
#include <random>
#include <set>

#include <gmock/gmock.h>

#include "support/connection_fixture.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using Sort = ConnectionQuery::Sort;

/// What `list_page` answers of `workers`, whose loops stand still.
Result<ConnectionPage> page_of(std::vector<const Worker*> workers, ListTerms::Of of,
                               const ConnectionQuery& query) {
  return list_page(std::make_shared<const ListTerms>(ListTerms{query, of}), workers.size(),
                   [&](const std::vector<std::size_t>& asked, const auto& question_of) {
                     using Question = std::invoke_result_t<decltype(question_of), std::size_t>;
                     std::vector<std::invoke_result_t<Question, const Worker&>> answers;
                     for (const std::size_t worker : asked)
                       answers.push_back(question_of(worker)(*workers.at(worker)));
                     return Result<decltype(answers)>{std::move(answers)};
                   });
}

/// Two workers with a history each: what a list is made of.
class ListingTest : public testing::Test {
 protected:
  /// The entry `number`; odd ones belong to the first worker, even ones to the second.
  void add(std::uint64_t number, const std::function<void(Facts&)>& change = [](Facts&) {}) {
    const std::size_t index = number % 2 == 1 ? 0 : 1;
    History::Entry entry;
    entry.facts.id = make_id(index, number);
    entry.facts.owner = owner;
    entry.facts.remote = parse_ip_port("192.0.2.7:4711").value();
    entry.facts.opened = base + std::chrono::seconds{number};
    entry.facts.opened_wall = wall_base + std::chrono::seconds{number};
    entry.facts.last_active = entry.facts.opened;
    entry.facts.bytes_in = number * 10;
    entry.facts.bytes_out = 1000 - number * 10;
    entry.facts.close = {First::local, How::fin, Reason::local_done,
                         Phase::data,  {},       entry.facts.opened + 1s};
    change(entry.facts);
    Worker& worker = index == 0 ? first.worker : second;
    worker.history().add(std::move(entry));
  }
  ConnectionPage page(const ConnectionQuery& query) {
    return page_of({&first.worker, &second}, ListTerms::Of::history, query).value();
  }
  static std::vector<std::uint64_t> numbers(const ConnectionPage& page) {
    std::vector<std::uint64_t> all;
    for (const auto& row : page.items) all.push_back(static_cast<std::uint64_t>(row.id) & 0xFFFF);
    return all;
  }
  /// All pages of `query` joined.
  std::vector<std::uint64_t> all(ConnectionQuery query) {
    std::vector<std::uint64_t> joined;
    for (int pages = 0; pages < 1000; ++pages) {
      const auto one = page(query);
      std::ranges::copy(numbers(one), std::back_inserter(joined));
      if (one.next.empty()) return joined;
      query.cursor = one.next;
    }
    ADD_FAILURE() << "it pages for ever";
    return joined;
  }

  test::LoopRunner first;
  Worker second{1, first.loop, 1000};
  std::shared_ptr<Owner> owner = test::make_owner();
  const Instant base = now() - 1h;
  const WallTime wall_base = wall_now() - 1h;
};

TEST_F(ListingTest, MergesTheWorkersInTheOrderAskedFor) {
  constexpr std::array<int, 5> kLasted{3, 1, 5, 2, 4};  // seconds
  for (std::uint64_t number = 1; number <= 5; ++number) {
    add(number, [&](Facts& facts) { facts.close.at = facts.opened + kLasted.at(number - 1) * 1s; });
  }
  ConnectionQuery query;

  query.sort = Sort::opened_at;
  EXPECT_THAT(numbers(page(query)), ElementsAre(1, 2, 3, 4, 5));
  query.sort = Sort::age;
  EXPECT_THAT(numbers(page(query)), ElementsAre(2, 4, 1, 5, 3));
  query.sort = Sort::bytes_in;
  EXPECT_THAT(numbers(page(query)), ElementsAre(1, 2, 3, 4, 5));
  query.sort = Sort::bytes_out;
  EXPECT_THAT(numbers(page(query)), ElementsAre(5, 4, 3, 2, 1));
  query.sort = Sort::closed_at;
  EXPECT_THAT(numbers(page(query)), ElementsAre(2, 1, 4, 3, 5));
  query.sort = Sort::idle;
  EXPECT_THAT(numbers(page(query)), ElementsAre(2, 4, 1, 5, 3));
  query.sort = Sort::id;
  EXPECT_THAT(numbers(page(query)), ElementsAre(1, 3, 5, 2, 4));
  query.descending = true;
  EXPECT_THAT(numbers(page(query)), ElementsAre(4, 2, 5, 3, 1));
}

TEST_F(ListingTest, PagesThroughAllOnceWhateverTheOrder) {
  std::mt19937 random{7};
  for (std::uint64_t number = 1; number <= 57; ++number) {
    add(number, [&](Facts& facts) {
      facts.bytes_in = random() % 5;  // many alike
      facts.last_active += std::chrono::microseconds{random() % 3};
      facts.close.at = facts.opened + std::chrono::milliseconds{random() % 4};
    });
  }
  for (const Sort sort :
       {Sort::id, Sort::opened_at, Sort::age, Sort::idle, Sort::bytes_in, Sort::bytes_out, Sort::closed_at}) {
    for (const bool descending : {false, true}) {
      for (const std::size_t limit : {1U, 2U, 7U, 56U, 57U, 58U}) {
        ConnectionQuery query;
        query.sort = sort;
        query.descending = descending;
        query.limit = limit;
        const auto seen = all(query);
        const std::set<std::uint64_t> once{seen.begin(), seen.end()};
        ASSERT_EQ(seen.size(), 57U) << static_cast<int>(sort) << ' ' << descending << ' ' << limit;
        ASSERT_EQ(once.size(), 57U);
      }
    }
  }
}

TEST_F(ListingTest, CountsAllThatMatchOnEveryPage) {
  for (std::uint64_t number = 1; number <= 9; ++number) add(number);
  ConnectionQuery query;
  query.limit = 4;

  auto one = page(query);
  EXPECT_EQ(one.total, 9U);
  EXPECT_EQ(one.items.size(), 4U);
  query.cursor = one.next;
  one = page(query);
  EXPECT_EQ(one.total, 9U);
  query.cursor = one.next;
  one = page(query);
  EXPECT_EQ(one.items.size(), 1U);
  EXPECT_EQ(one.next, "");
}

TEST_F(ListingTest, KeepsItsPlaceWhileConnectionsComeAndGo) {
  for (std::uint64_t number = 1; number <= 6; ++number) add(number);
  ConnectionQuery query;
  query.sort = Sort::opened_at;
  query.limit = 3;
  const auto one = page(query);
  EXPECT_THAT(numbers(one), ElementsAre(1, 2, 3));

  auto last = first.worker.history().entries().back();
  first.worker.history() = History{1};  // 1 and 3 go, 5 stays
  first.worker.history().add(std::move(last));
  add(8);
  query.cursor = one.next;

  EXPECT_THAT(numbers(page(query)), ElementsAre(4, 5, 6));
}

TEST_F(ListingTest, RefusesACursorThatIsNone) {
  for (const char* const nonsense :
       {"x", "i", ".", "1", "1.2", "i1", "i1.", "i.1", "i1.2.3", "i1.-2", "i1 .2", "i99999999999999999999.1",
        "i1.99999999999999999999", "i0x1.2", "o1.2"}) {
    ConnectionQuery query;
    query.cursor = nonsense;
    const auto page = page_of({&first.worker}, ListTerms::Of::history, query);
    ASSERT_FALSE(page) << nonsense;
    EXPECT_EQ(page.error().code, Errc::invalid_argument);
    EXPECT_FALSE(page_of({&first.worker}, ListTerms::Of::open, query));
  }
}

TEST_F(ListingTest, FiltersByEachKey) {
  add(1);
  add(2, [](Facts& facts) { facts.direction = Direction::outbound; });
  add(3, [](Facts& facts) { facts.remote = parse_ip_port("[2001:db8::1]:80").value(); });
  add(4, [](Facts& facts) { facts.owner = test::make_owner(Owner::Kind::client, "keep"); });
  add(5, [](Facts& facts) { facts.bytes_out = 1'000'000; });
  add(6, [](Facts& facts) { facts.close.reason = Reason::admin_kill; });
  add(7, [](Facts& facts) { facts.close.first = First::remote; });
  add(8, [](Facts& facts) { facts.close.how = How::rst; });
  add(9, [](Facts& facts) { facts.opened = facts.close.at - 1ms; });
  const auto found = [&](const auto& change) {
    ConnectionQuery query;
    query.sort = Sort::bytes_in;
    change(query);
    return numbers(page(query));
  };

  EXPECT_THAT(found([](auto& query) { query.direction = Direction::outbound; }), ElementsAre(2));
  EXPECT_THAT(found([](auto& query) { query.peer = parse_network("2001:db8::/32").value(); }),
              ElementsAre(3));
  EXPECT_THAT(found([](auto& query) { query.client = "mine"; }), ElementsAre(4));
  EXPECT_THAT(found([](auto& query) { query.service = "keep"; }), ElementsAre(4));
  EXPECT_THAT(found([](auto& query) { query.min_bytes = 1'000'000; }), ElementsAre(5));
  EXPECT_THAT(found([](auto& query) { query.reason = Reason::admin_kill; }), ElementsAre(6));
  EXPECT_THAT(found([](auto& query) { query.first = First::remote; }), ElementsAre(7));
  EXPECT_THAT(found([](auto& query) { query.how = How::rst; }), ElementsAre(8));
  EXPECT_THAT(found([](auto& query) { query.listener = "other"; }), ElementsAre());
  EXPECT_THAT(found([](auto& query) { query.listener = "mine"; }), ElementsAre(1, 2, 3, 5, 6, 7, 8, 9));
  EXPECT_THAT(found([](auto& query) { query.older_than = 1s; }), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
  EXPECT_THAT(found([](auto& query) { query.state = "ESTABLISHED"; }), ElementsAre());
  EXPECT_THAT(found([](auto& query) { query.where = {parse_comparison("bytes>=1MB").value()}; }),
              ElementsAre(5));
  EXPECT_THAT(found([](auto& query) { query.where = {parse_comparison("age<=1ms").value()}; }),
              ElementsAre(9));
  EXPECT_THAT(found([](auto& query) { query.where = {parse_comparison("rtt>=0s").value()}; }), ElementsAre());
  EXPECT_EQ(found([](auto& query) { query.state = "CLOSED"; }).size(), 9U);
}

TEST_F(ListingTest, TakesASpanOfTimeWithItsBeginAndWithoutItsEnd) {
  for (std::uint64_t number = 1; number <= 5; ++number) add(number);
  ConnectionQuery query;
  query.sort = Sort::closed_at;
  query.since = wall_base + 3s;  // 2 closed at this moment
  query.until = wall_base + 5s;

  EXPECT_THAT(numbers(page(query)), ElementsAre(2, 3));
}

TEST_F(ListingTest, HasNoNextWhereThereIsNothing) {
  const auto empty = page({});

  EXPECT_EQ(empty.total, 0U);
  EXPECT_TRUE(empty.items.empty());
  EXPECT_EQ(empty.next, "");
}

class ListingInSlicesTest : public ListingTest {
 protected:
  static constexpr std::uint64_t kMany = 200;
  /// As many entries of the second worker, those that it has next.
  void add_many() {
    for (std::uint64_t i = 0; i < kMany; ++i) add(2 * ++added);
  }
  [[nodiscard]] PageSearch search() const {
    return PageSearch::begin(std::make_shared<const ListTerms>(ListTerms{query, ListTerms::Of::history}))
        .value();
  }
  ConnectionQuery query;
  std::uint64_t added{0};
};

TEST_F(ListingInSlicesTest, LookAtSomeAndKeepButAPage) {
  add_many();
  query.limit = 3;
  auto search = this->search();

  EXPECT_FALSE(search.look(first.worker, 0s));
  ASSERT_TRUE(search.look(second, 0s));
  EXPECT_GT(search.total(), 0U);
  EXPECT_LT(search.total(), kMany);
  int slices = 1;
  while (search.look(second, 0s)) ++slices;

  EXPECT_GT(slices, 1);
  EXPECT_EQ(search.total(), kMany);
  EXPECT_EQ(search.places().size(), 4U);
}

TEST_F(ListingInSlicesTest, GoOnBehindEntriesThatGaveWayBetweenThem) {
  second.history() = History{kMany};
  add_many();
  auto search = this->search();
  ASSERT_TRUE(search.look(second, 0s));

  add_many();
  while (search.look(second, 0s)) {
  }

  EXPECT_GT(search.total(), kMany);
  EXPECT_LT(search.total(), 2 * kMany);
  const auto found = first_of(search.places(), query);
  EXPECT_EQ(found.places.size(), query.limit);
}

TEST_F(ListingInSlicesTest, AreLongerTheLongerAListIsAskedFor) {
  const ListTerms terms{query, ListTerms::Of::open};

  const auto at_first = slice_time(terms, terms.time);
  const auto later = slice_time(terms, terms.time + 200ms);
  const auto at_last = slice_time(terms, terms.time + 1h);

  EXPECT_GT(at_first, 0s);
  EXPECT_LT(at_first, later);
  EXPECT_EQ(later, 2ms);
  EXPECT_LT(at_last, 10ms);
}

class ListingOfOpenTest : public test::ConnectionFixture {
 protected:
  Result<ConnectionPage> open_page(const ConnectionQuery& query) {
    return page_of({&worker()}, ListTerms::Of::open, query);
  }
};

TEST_F(ListingOfOpenTest, ShowsLiveStatesAndFiltersByThem) {
  serve({.on_peer_fin = [](Session&) {}});
  test::Peer half_closed = std::move(peer);
  half_closed.fin();
  const ConnectionId waiting = id;
  serve({});
  ConnectionQuery query;
  query.state = "CLOSE_WAIT";

  const auto page = open_page(query);

  ASSERT_TRUE(page);
  ASSERT_EQ(page->items.size(), 1U);
  EXPECT_EQ(page->items[0].id, waiting);
  EXPECT_EQ(page->items[0].state, "CLOSE_WAIT");
  EXPECT_EQ(page->total, 1U);
  query.state.reset();
  EXPECT_EQ(open_page(query)->total, 2U);
}

TEST_F(ListingOfOpenTest, FiltersByWhatTheKernelKnows) {
  serve({});
  const auto found = [&](std::string_view comparison) {
    ConnectionQuery query;
    query.where.push_back(parse_comparison(comparison).value());
    return open_page(query)->total;
  };
  const auto port = open_page({})->items.at(0).local.port();

  EXPECT_EQ(found("mss>0"), 1U);
  EXPECT_EQ(found("mss=0"), 0U);
  EXPECT_EQ(found("rtt<1h"), 1U);
  EXPECT_EQ(found("rtt>1h"), 0U);
  EXPECT_EQ(found(fmt::format("local_port={}", port)), 1U);
  EXPECT_EQ(found(fmt::format("local_port!={}", port)), 0U);
  EXPECT_EQ(found("peer_port>0"), 1U);
  ConnectionQuery query;
  query.local = parse_network("127.0.0.1").value();
  EXPECT_EQ(open_page(query)->total, 1U);
  query.local = parse_network("127.0.0.2").value();
  EXPECT_EQ(open_page(query)->total, 0U);
}

TEST_F(ListingOfOpenTest, GivesFirstPageAndRest) {
  std::vector<test::Peer> peers;
  for (int i = 0; i < 5; ++i) {
    serve({});
    peers.push_back(std::move(peer));
  }
  ConnectionQuery query;
  query.limit = 3;

  const auto one = open_page(query);
  ASSERT_TRUE(one);
  EXPECT_EQ(one->items.size(), 3U);
  query.cursor = one->next;
  const auto two = open_page(query);

  ASSERT_TRUE(two);
  EXPECT_EQ(two->items.size(), 2U);
  EXPECT_EQ(two->next, "");
  EXPECT_EQ(two->items.back().id, id);
}

TEST_F(ListingOfOpenTest, GoesOnWhereAConnectionWentAwayInBothOrders) {
  std::vector<test::Peer> peers;
  std::vector<ConnectionId> ids;
  for (int i = 0; i < 5; ++i) {
    serve({});
    peers.push_back(std::move(peer));
    ids.push_back(id);
  }
  ConnectionQuery upwards;
  upwards.limit = 3;
  upwards.cursor = open_page(upwards)->next;
  ConnectionQuery downwards;
  downwards.limit = 3;
  downwards.descending = true;
  downwards.cursor = open_page(downwards)->next;

  worker().find(ids[2])->abort(Reason::admin_kill);  // the last one of both pages

  const auto ids_of = [&](const ConnectionQuery& query) {
    std::vector<ConnectionId> all;
    const auto page = open_page(query);
    for (const auto& row : page->items) all.push_back(row.id);
    return all;
  };
  EXPECT_THAT(ids_of(upwards), ElementsAre(ids[3], ids[4]));
  EXPECT_THAT(ids_of(downwards), ElementsAre(ids[1], ids[0]));
  EXPECT_EQ(open_page(upwards)->total, 4U);
}

TEST_F(ListingOfOpenTest, LeavesOutWhoIsGoneOrChangedBeforeItsRowIsMade) {
  std::vector<test::Peer> peers;
  std::vector<ConnectionId> ids;
  for (int i = 0; i < 3; ++i) {
    serve({.on_peer_fin = [](Session&) {}});
    peers.push_back(std::move(peer));
    ids.push_back(id);
  }
  ConnectionQuery query;
  query.state = "ESTABLISHED";
  const auto terms = std::make_shared<const ListTerms>(ListTerms{query, ListTerms::Of::open});
  auto search = PageSearch::begin(terms).value();
  EXPECT_FALSE(search.look(worker(), 1h));
  ASSERT_EQ(search.total(), 3U);

  worker().find(ids[0])->abort(Reason::admin_kill);
  peers[1].fin();
  ASSERT_TRUE(run_until([&] { return worker().find(ids[1])->state() == tcp::State::close_wait; }));

  const auto rows = rows_at(worker(), *terms, first_of(search.places(), query).places);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_FALSE(rows[0]);
  EXPECT_FALSE(rows[1]);
  ASSERT_TRUE(rows[2]);
  EXPECT_EQ(rows[2]->id, ids[2]);
}

}  // namespace
}  // namespace tcpctl
