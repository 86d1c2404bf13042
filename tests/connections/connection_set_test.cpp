// SPDX-License-Identifier: Apache-2.0
#include "connections/connection_set.hpp"

#include <map>
#include <random>

#include <gmock/gmock.h>

#include "support/connection_fixture.hpp"

namespace tcpctl {
namespace {

class Standing final : public Connection {
 public:
  Standing(Worker& worker, OwnerPtr owner)
      : Connection{worker, std::move(owner), Direction::inbound, Stage::open, Fd{}, {}} {}

 private:
  void on_ready() override {}
};

class ConnectionSetTest : public test::ConnectionFixture {
 protected:
  Connection* add() {
    auto connection = std::make_unique<Standing>(worker(), owner);
    Connection* const added = connection.get();
    set.add(added->facts().id, std::move(connection));
    return added;
  }
  [[nodiscard]] std::vector<ConnectionId> walk() const {
    std::vector<ConnectionId> all;
    for (const auto& entry : set) all.push_back(entry.id);
    return all;
  }
  ConnectionSet set;
};

TEST_F(ConnectionSetTest, FindsWhatWasAddedUntilItIsTaken) {
  Connection* const one = add();
  Connection* const two = add();
  EXPECT_EQ(set.find(one->facts().id), one);

  const auto taken = set.take(one->facts().id);

  EXPECT_EQ(taken.get(), one);
  EXPECT_EQ(set.find(one->facts().id), nullptr);
  EXPECT_EQ(set.take(one->facts().id), nullptr);
  EXPECT_EQ(set.find(two->facts().id), two);
  EXPECT_EQ(set.size(), 1U);
}

TEST_F(ConnectionSetTest, PutsOneIntoThePlaceOfAnotherWithItsId) {
  Connection* const first = add();
  Connection* const second = add();
  const auto its_id = first->facts().id;
  auto after = std::make_unique<Standing>(worker(), owner);
  Connection* const placed = after.get();
  std::unique_ptr<Connection> moved = std::move(after);

  const auto before = set.replace(its_id, moved);

  EXPECT_EQ(before.get(), first);
  EXPECT_EQ(set.find(its_id), placed);
  EXPECT_EQ(set.find(second->facts().id), second);
  EXPECT_EQ(set.size(), 2U);
  EXPECT_THAT(walk(), testing::ElementsAre(its_id, second->facts().id));
}

TEST_F(ConnectionSetTest, LeavesToItsOwnerWhatHasNoPlaceToComeTo) {
  const auto gone = add()->facts().id;
  add();
  (void)set.take(gone);
  std::unique_ptr<Connection> fresh = std::make_unique<Standing>(worker(), owner);

  EXPECT_EQ(set.replace(gone, fresh), nullptr);
  EXPECT_EQ(set.replace(fresh->facts().id, fresh), nullptr);
  EXPECT_NE(fresh, nullptr);
}

TEST_F(ConnectionSetTest, IsEmptyAndWalkedWhenTheLastHasGone) {
  const auto only = add()->facts().id;
  (void)set.take(only);

  EXPECT_TRUE(set.empty());
  EXPECT_TRUE(walk().empty());
}

TEST_F(ConnectionSetTest, AgreesWithAMapOverManyComingsAndGoings) {
  std::map<ConnectionId, Connection*> model;
  std::mt19937 random{5};
  for (int i = 0; i < 20'000; ++i) {
    // Grows to some thousand, then shrinks to nothing, so that holes are closed more than once.
    const bool grows = random() % 8 < (i < 10'000 ? 5U : 2U);
    if (grows || model.empty()) {
      Connection* const added = add();
      model.emplace(added->facts().id, added);
    } else {
      auto victim = model.begin();
      std::advance(victim, static_cast<std::ptrdiff_t>(random() % std::min<std::size_t>(model.size(), 50)));
      ASSERT_EQ(set.take(victim->first).get(), victim->second);
      model.erase(victim);
    }
    ASSERT_EQ(set.size(), model.size());
  }
  std::vector<ConnectionId> wanted;
  for (const auto& [each, connection] : model) {
    EXPECT_EQ(set.find(each), connection);
    wanted.push_back(each);
  }
  EXPECT_EQ(walk(), wanted);
}

}  // namespace
}  // namespace tcpctl
