// SPDX-License-Identifier: Apache-2.0
#include "endpoints/probe_record.hpp"

#include <gtest/gtest.h>

namespace tcpctl {
namespace {

class ProbeRecordTest : public testing::Test {
 protected:
  bool note(bool success) {
    const bool same = last_ == success;
    last_ = success;
    return record.note(success, same, 2, 3, at += std::chrono::seconds{1});
  }
  ProbeRecord record;
  WallTime at{};

 private:
  std::optional<bool> last_;
};

TEST_F(ProbeRecordTest, IsDecidedByTheFirstResultAlone) {
  EXPECT_TRUE(note(false));
  EXPECT_EQ(record.up, false);
  EXPECT_EQ(record.since, at);
  EXPECT_EQ(record.in_row, 1U);
}

TEST_F(ProbeRecordTest, TakesARowOfFailuresToGoDownAndARowOfSuccessesToComeUp) {
  EXPECT_TRUE(note(true));
  const auto since = record.since;
  EXPECT_FALSE(note(false));
  EXPECT_FALSE(note(false));
  EXPECT_FALSE(note(true)) << "the row is broken";
  EXPECT_FALSE(note(false));
  EXPECT_FALSE(note(false));
  EXPECT_EQ(record.since, since);
  EXPECT_TRUE(note(false));
  EXPECT_EQ(record.up, false);
  EXPECT_EQ(record.since, at);

  EXPECT_FALSE(note(true));
  EXPECT_TRUE(note(true));
  EXPECT_EQ(record.up, true);
  EXPECT_EQ(record.in_row, 2U);
  EXPECT_FALSE(note(true));
  EXPECT_EQ(record.in_row, 3U);
}

}  // namespace
}  // namespace tcpctl
