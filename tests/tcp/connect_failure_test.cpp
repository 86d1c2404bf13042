// SPDX-License-Identifier: Apache-2.0
#include "tcp/connect_failure.hpp"

#include <cerrno>

#include <gtest/gtest.h>

namespace tcpctl::tcp {
namespace {

TEST(ConnectFailure, IsToldByTheErrno) {
  EXPECT_EQ(connect_failure(ECONNREFUSED), ConnectFailure::refused);
  EXPECT_EQ(connect_failure(ENOENT), ConnectFailure::no_listener);
  EXPECT_EQ(connect_failure(ETIMEDOUT), ConnectFailure::timed_out);
  EXPECT_EQ(connect_failure(EADDRNOTAVAIL), ConnectFailure::no_resources);
  EXPECT_EQ(connect_failure(EHOSTUNREACH), ConnectFailure::unreachable);
}

}  // namespace
}  // namespace tcpctl::tcp
