// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"

#include <cerrno>

#include <gtest/gtest.h>

namespace tcpctl {
namespace {

Result<int> missing() { return fail(Errc::not_found, "no listener 'x'"); }

TEST(Error, CarriesItsCodeThroughAResult) {
  const auto result = missing();

  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::not_found);
}

TEST(Error, ReadsFromOutsideInOnceItHasAContext) {
  auto error = Error{Errc::io, "permission denied"}.within("bind").within("listener 'web'");

  EXPECT_EQ(error.what, "listener 'web': bind: permission denied");
  EXPECT_EQ(error.code, Errc::io);
}

TEST(Error, SpellsErrnoAsStrerrorDoes) { EXPECT_EQ(errno_text(EADDRINUSE), "Address already in use"); }

}  // namespace
}  // namespace tcpctl
