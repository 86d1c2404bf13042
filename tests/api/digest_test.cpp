// SPDX-License-Identifier: Apache-2.0
#include "api/digest.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace tcpctl::api {
namespace {

TEST(Digest, HashesAsFips180Says) {
  const auto known = parse_sha256("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");

  ASSERT_TRUE(known);
  EXPECT_TRUE(same_digest(sha256("abc"), *known));
  EXPECT_FALSE(same_digest(sha256("abd"), *known));
}

TEST(Digest, ComparesEveryCandidateWhetherOneMatchesOrNot) {
  struct Candidate {
    Sha256 digest;
  };
  const std::vector<Candidate> candidates{{sha256("a")}, {sha256("b")}, {sha256("c")}};
  int compared = 0;
  const auto place = [&](const char* wanted) {
    compared = 0;
    return match_all(candidates, sha256(wanted), [&](const Sha256& left, const Sha256& right) {
      ++compared;
      return same_digest(left, right);
    });
  };

  for (const auto* wanted : {"a", "b", "c", "d"}) {
    const auto found = place(wanted);
    EXPECT_EQ(found, *wanted == 'd' ? std::nullopt : std::optional<std::size_t>(*wanted - 'a')) << wanted;
    EXPECT_EQ(compared, 3) << wanted;
  }
}

TEST(Digest, RefusesHexOfAnotherLength) {
  EXPECT_FALSE(parse_sha256(""));
  EXPECT_FALSE(parse_sha256(std::string(63, 'a')));
  EXPECT_FALSE(parse_sha256(std::string(63, 'a') + "g"));
  EXPECT_FALSE(parse_sha256(std::string(31, 'a') + "  " + std::string(31, 'a')));
}

TEST(Digest, WritesAndReadsBase64OfAnyLength) {
  const std::string bytes{"\x00\xff\x10\x80 binary", 11};

  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    EXPECT_EQ(from_base64(to_base64(bytes.substr(0, size))), bytes.substr(0, size));
  }
  EXPECT_EQ(to_base64("foob"), "Zm9vYg==");
}

TEST(Digest, RefusesWhatIsNoBase64) {
  for (const auto* text :
       {"Z", "Zm9v!", "Zm9vYg", "Zm9vYg=", "Zm9vYh==", "====", "Zm9v\n", "Zg==Zg==", "Z-9v"}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
}

}  // namespace
}  // namespace tcpctl::api
