// SPDX-License-Identifier: Apache-2.0
#include "endpoints/admission.hpp"

#include <gtest/gtest.h>

namespace tcpctl {
namespace {

using namespace std::chrono_literals;

const Instant kStart{1h};

class AdmissionTest : public testing::Test {
 protected:
  void set() { admission.set(std::make_shared<const config::Listener>(listener)); }
  [[nodiscard]] bool opens(Instant at) const { return !admission.rate_opens_at(at); }
  static Address host(const char* text) { return parse_ip_port(text).value(); }

  config::Listener listener{};
  Admission admission{2};
};

TEST_F(AdmissionTest, WithoutARateItIsAlwaysOpen) {
  set();
  for (int i = 0; i < 1000; ++i) admission.count(kStart);

  EXPECT_TRUE(opens(kStart));
}

TEST_F(AdmissionTest, LetsASecondsWorthInAtOnceAndThenItsRate) {
  listener.accept_rate = 5;
  set();
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(opens(kStart));
    admission.count(kStart);
  }

  EXPECT_EQ(admission.rate_opens_at(kStart), kStart + 200ms);
  EXPECT_TRUE(opens(kStart + 200ms));
}

TEST_F(AdmissionTest, LetsOneInHoweverSmallTheRate) {
  listener.accept_rate = 1.0 / 60;
  set();
  EXPECT_TRUE(opens(kStart));
  admission.count(kStart);

  EXPECT_FALSE(opens(kStart + 59s));
  EXPECT_TRUE(opens(kStart + 60s));
}

TEST_F(AdmissionTest, AReloadThatLeavesTheRateAloneGivesNothingFree) {
  listener.accept_rate = 5;
  set();
  for (int i = 0; i < 5; ++i) admission.count(kStart);

  listener.max_connections = 10;
  set();

  EXPECT_FALSE(opens(kStart));
}

TEST_F(AdmissionTest, PlacesAreKeptOverAChangeOfTheirNumber) {
  listener.max_connections_per_source = 1;
  set();
  auto place = admission.place(host("10.0.0.7:1"));
  ASSERT_TRUE(place);
  EXPECT_FALSE(admission.place(host("10.0.0.7:2")));

  listener.max_connections_per_source = 2;
  set();

  EXPECT_TRUE(admission.place(host("10.0.0.7:2")));
}

TEST_F(AdmissionTest, WithoutALimitOfSourcesNobodyIsCounted) {
  set();

  const auto place = admission.place(host("10.0.0.7:1"));

  ASSERT_TRUE(place);
  EXPECT_FALSE(*place);
}

}  // namespace
}  // namespace tcpctl
