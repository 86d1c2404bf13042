// SPDX-License-Identifier: Apache-2.0
#include "tcp/crc32c.hpp"

#include <string>

#include <gtest/gtest.h>

namespace tcpctl::tcp {
namespace {

// The check value of the CRC catalogue, and the vectors of RFC 3720 appendix B.4.
TEST(Crc32c, AgreesWithPublishedVectors) {
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xE3069283U);
  EXPECT_EQ(crc32c(as_bytes(std::string(32, '\0'))), 0x8A9136AAU);
  EXPECT_EQ(crc32c(as_bytes(std::string(32, '\xff'))), 0x62A8AB43U);
  EXPECT_EQ(crc32c({}), 0U);
}

TEST(Crc32c, GoesOnFromWhatStandsInFront) {
  EXPECT_EQ(crc32c(as_bytes("56789"), crc32c(as_bytes("1234"))), crc32c(as_bytes("123456789")));
}

}  // namespace
}  // namespace tcpctl::tcp
