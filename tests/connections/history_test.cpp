// SPDX-License-Identifier: Apache-2.0
#include "connections/history.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>

#include <gtest/gtest.h>

#include "support/connection_fixture.hpp"
#include "support/heap.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;

/// Of an entry that has nothing outside of itself.
constexpr std::size_t kSmallBytes = sizeof(History::Entry) + IdIndex::kPlaceBytes;

History::Entry entry(std::uint64_t number) {
  History::Entry made;
  static const auto owner = test::make_owner();
  made.facts.id = make_id(0, number);
  made.facts.owner = owner;
  made.facts.close.first = First::local;
  made.facts.close.reason = Reason::local_done;
  return made;
}

TEST(History, KeepsTheLastOnesAndCountsTheOthers) {
  History history{3};
  for (std::uint64_t number = 1; number <= 5; ++number) history.add(entry(number));

  EXPECT_EQ(history.entries().size(), 3U);
  EXPECT_EQ(history.dropped(), 2U);
  EXPECT_EQ(history.find(make_id(0, 2)), nullptr);
  ASSERT_NE(history.find(make_id(0, 3)), nullptr);
  EXPECT_EQ(history.entries().front().facts.id, make_id(0, 3));
}

/// Processor time of a thousand look-ups in a history of `count` entries; the least of some rounds.
std::chrono::nanoseconds time_of_finding(std::uint64_t count) {
  History history{count};
  for (std::uint64_t number = 1; number <= 2 * count; ++number) history.add(entry(number));
  const auto cpu_time = [] {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
  };
  auto least = std::chrono::nanoseconds::max();
  for (int round = 0; round < 5; ++round) {
    const auto before = cpu_time();
    for (std::uint64_t i = 0; i < 1000; ++i) {
      if (history.find(make_id(0, count + 1 + i * 7919 % count)) == nullptr) return least;
    }
    least = std::min<std::chrono::nanoseconds>(least, cpu_time() - before);
  }
  return least;
}

TEST(History, FindsOneOfManyAsFastAsOneOfFew) {
  EXPECT_LT(time_of_finding(5'000) / 10, time_of_finding(100)) << "it is looked for one by one";
}

TEST(History, FindsEachOfItsEntriesWhateverOrderTheyEndedIn) {
  constexpr std::uint64_t kCount = 1000;
  History history{kCount};
  for (std::uint64_t i = 0; i < 5000; ++i) {
    history.add(entry(i * 7919 % 5003 + 1));
    if (i % 97 != 0) continue;
    for (const auto& kept : history.entries()) ASSERT_EQ(history.find(kept.facts.id), &kept);
  }
  EXPECT_EQ(history.find(make_id(0, 1)), nullptr) << "it gave way";
  EXPECT_EQ(history.find(make_id(0, 9999)), nullptr) << "it never was";
}

TEST(History, KeepsNothingWithALimitOfZero) {
  History history{0};
  history.add(entry(1));

  EXPECT_TRUE(history.entries().empty());
  EXPECT_EQ(history.dropped(), 1U);
}

History::Entry left_in(tcp::State state, Instant closed) {
  auto made = entry(1);
  made.facts.close.at = closed;
  made.cookie = 7;
  made.left_in = state;
  return made;
}

TEST(History, ShowsTheStateThatTheKernelHoldsTheSocketIn) {
  const Instant closed = now();
  const tcp::ClosingSockets held{{{8, tcp::State::time_wait}, {7, tcp::State::last_ack}}, closed + 1s};
  const tcp::ClosingSockets gone{{{8, tcp::State::time_wait}}, closed + 2s};
  const auto waiting = left_in(tcp::State::time_wait, closed);

  EXPECT_EQ(to_row(waiting, closed + 2s, held).state, "LAST_ACK");
  EXPECT_EQ(to_row(waiting, closed + 2s, gone).state, "CLOSED") << "before its 60 s are over";
  EXPECT_EQ(to_row(entry(2), closed, held).state, "CLOSED");
}

TEST(History, ShowsTheStateItWasLeftInUntilTheKernelIsAskedAgain) {
  const Instant closed = now();
  const tcp::ClosingSockets before{{}, closed - 1s};

  EXPECT_EQ(to_row(left_in(tcp::State::fin_wait_2, closed), closed, before).state, "FIN_WAIT_2");
  EXPECT_EQ(to_row(left_in(tcp::State::closed, closed), closed, before).state, "CLOSED");
}

TEST(History, ComputesTimeWaitWhereTheKernelDoesNotTell) {
  const Instant closed = now();

  EXPECT_EQ(to_row(left_in(tcp::State::time_wait, closed), closed + 59s).state, "TIME_WAIT");
  EXPECT_EQ(to_row(left_in(tcp::State::time_wait, closed), closed + 61s).state, "CLOSED");
  EXPECT_EQ(to_row(left_in(tcp::State::fin_wait_2, closed), closed + 1s).state, "CLOSED");
}

TEST(History, HasTimeWaitInTheTimelineOfWhatIsInIt) {
  const Instant closed = now();
  const tcp::ClosingSockets held{{{7, tcp::State::time_wait}}, closed + 1s};

  const auto row = to_row(left_in(tcp::State::fin_wait_2, closed), closed + 2s, held);

  ASSERT_FALSE(row.timeline.empty());
  EXPECT_EQ(row.timeline.back().event, TimelineEvent::time_wait);
  EXPECT_FALSE(row.timeline.back().seen);
}

TEST(History, TakesTheLastTcpInfoOfWhatItStillHas) {
  History history{2};
  for (std::uint64_t number = 1; number <= 3; ++number) history.add(entry(number));
  tcp::Info last;
  last.rtt_us = 41;

  history.settle(make_id(0, 3), last);
  history.settle(make_id(0, 1), last);  // gave way

  ASSERT_TRUE(history.find(make_id(0, 3))->tcp);
  EXPECT_EQ(history.find(make_id(0, 3))->tcp->taken, "final");
  EXPECT_EQ(history.find(make_id(0, 3))->tcp->rtt_us, 41U);
  EXPECT_FALSE(history.find(make_id(0, 2))->tcp);
}

/// As much as a TCP connection can have: every moment of its life, a long detail, all of TCP_INFO.
History::Entry large_entry(std::uint64_t number) {
  History::Entry made = entry(number);
  for (std::size_t i = 0; i < kTimelineEvents; ++i)
    made.facts.timeline.seen(static_cast<TimelineEvent>(i), now());
  made.facts.remote = parse_ip_port("[2001:db8::1]:65535").value();
  made.facts.proxied = Proxied{made.facts.remote, made.facts.remote, std::string(128, 'i')};
  made.facts.syn = tcp::SavedSyn{};
  made.facts.close.detail = std::string(1000, 'd');
  made.local = made.facts.remote;
  made.tcp = to_row(tcp::Info{}, "final", "fifteen_letters");
  return made;
}

/// More than that: the Unix paths of a PROXY header.
History::Entry largest_entry(std::uint64_t number) {
  History::Entry made = large_entry(number);
  const auto path = Address::unix_path(std::string(108, 'p'));
  made.facts.proxied = Proxied{path, path, std::string(128, 'i')};
  made.facts.remote = made.local = path;
  return made;
}

TEST(History, TakesAKibibyteAtMostForAnEntryHoweverMuchItHas) {
  constexpr std::size_t kCount = 1000;
  History history{kCount};
  const auto before = test::heap_in_use();
  for (std::uint64_t number = 1; number <= 2 * kCount; ++number) history.add(large_entry(number));
  const auto taken = test::heap_in_use() - before;

  EXPECT_EQ(history.entries().size(), kCount) << "none had to give way for its size";
  EXPECT_LE(history.bytes(), kCount * 1024);
  EXPECT_LE(taken, kCount * 1024 * test::kRoundingPercent / 100);
  EXPECT_GE(history.bytes() * (test::kRoundingPercent + 2) / 100, taken)
      << "it does not count all that it takes";
}

TEST(History, LetsTheOldestGoSoonerWhereTheyAreLarge) {
  constexpr std::size_t kCount = 1000;
  History history{kCount};
  const auto before = test::heap_in_use();
  for (std::uint64_t number = 1; number <= 3 * kCount; ++number) history.add(largest_entry(number));
  const auto taken = test::heap_in_use() - before;

  EXPECT_LT(history.entries().size(), kCount);
  EXPECT_GT(history.entries().size(), kCount / 3);
  EXPECT_EQ(history.entries().size() + history.dropped(), 3 * kCount);
  EXPECT_EQ(history.entries().back().facts.id, make_id(0, 3 * kCount));
  EXPECT_EQ(history.entries().front().facts.id, make_id(0, history.dropped() + 1));
  EXPECT_LE(history.bytes(), kCount * 1024);
  EXPECT_LE(taken, kCount * 1024 * test::kRoundingPercent / 100);

  for (std::uint64_t number = 1; number <= kCount; ++number) history.add(entry(3 * kCount + number));
  EXPECT_EQ(history.entries().size(), kCount) << "small ones have all places again";
  EXPECT_EQ(history.bytes(), kCount * kSmallBytes);
}

TEST(History, AllocatesNothingForItselfOnceItIsFull) {
  constexpr std::size_t kCount = 200;
  History history{kCount};
  for (std::uint64_t number = 1; number <= kCount; ++number) history.add(entry(number));
  const auto* const first = &history.entries().front();

  for (std::uint64_t number = kCount + 1; number <= 2 * kCount; ++number) history.add(entry(number));

  EXPECT_EQ(&history.entries().front(), first) << "it was written over";
  EXPECT_EQ(history.bytes(), kCount * kSmallBytes);
}

TEST(History, CutsALongDetailToWhatFits) {
  History history{3};
  const auto add_with = [&](History::Entry made, std::size_t size) {
    made.facts.close.detail = std::string(size, 'x');
    history.add(std::move(made));
    return history.entries().back().facts.close.detail.get();
  };

  EXPECT_EQ(add_with(entry(1), 400), std::string(400, 'x'));
  const auto cut = add_with(entry(2), 5000);
  EXPECT_TRUE(cut.ends_with("x..."));
  EXPECT_GT(cut.size(), 400U);
  EXPECT_LE(kSmallBytes + heap_bytes(history.entries().back()), 1024U);
  const auto least = add_with(largest_entry(3), 5000);
  EXPECT_EQ(least.size(), History::kLeastDetail);
}

TEST(History, CountsWhatTheLastTcpInfoAdds) {
  History history{2};
  history.add(entry(1));
  const auto before = history.bytes();
  auto owner = test::make_owner();
  owner->congestion = "a_name_that_is_longer_than_usual";
  auto made = entry(2);
  made.facts.owner = owner;
  history.add(std::move(made));

  history.settle(make_id(0, 2), {});

  EXPECT_GT(history.bytes(), before);
  history.add(entry(3));
  history.add(entry(4));
  EXPECT_EQ(history.bytes(), before) << "and it goes with it";
}

TEST(History, ShowsAgeAndIdleTimeAsOfTheEnd) {
  auto ended = entry(1);
  ended.facts.opened = now();
  ended.facts.opened_wall = wall_now();
  ended.facts.last_active = ended.facts.opened + 3s;
  ended.facts.close.at = ended.facts.opened + 5s;

  const auto row = to_row(ended, ended.facts.opened + 1h);

  EXPECT_EQ(row.age, 5s);
  EXPECT_EQ(row.idle, 2s);
  ASSERT_TRUE(row.close);
  EXPECT_EQ(row.close->duration, 5s);
  EXPECT_EQ(row.close->at, row.opened_at + 5s);
}

}  // namespace
}  // namespace tcpctl
