// SPDX-License-Identifier: Apache-2.0
#include "stop/job.hpp"

#include <cstdlib>

#include <gmock/gmock.h>
#include <unistd.h>

namespace tcpctl::stop {
namespace {

using ::testing::Eq;

TEST(Job, IsToDrainOnlyWhereTheDaemonDoesNotComeBack) {
  EXPECT_TRUE(is_to_drain("stop"));
  for (const auto* type :
       {"restart", "try-restart", "start", "reload", "verify-active", "nop", "", "STOP", "stop "}) {
    EXPECT_FALSE(is_to_drain(type)) << type;
  }
}

TEST(Job, TakesTheProcessThatTheManagerNames) { EXPECT_THAT(parse_pid("4711"), Eq(4711)); }

TEST(Job, TakesNoProcessWhereTheDaemonHasEnded) { EXPECT_THAT(parse_pid(""), Eq(std::nullopt)); }

TEST(Job, TakesNothingThatKillWouldReadAsMoreThanTheDaemon) {
  for (const auto* text : {"0", "1", "-1", "-4711", "99999999999", "4711x", " 4711", "+4711", "$MAINPID"}) {
    EXPECT_THAT(parse_pid(text), Eq(std::nullopt)) << text;
  }
}

TEST(Job, HasNoTypeWhereThereIsNoSystemBus) {
  ::setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
  EXPECT_THAT(job_type_of(::getpid()), Eq(std::nullopt));
  ::unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
}

}  // namespace
}  // namespace tcpctl::stop
