// SPDX-License-Identifier: Apache-2.0
#include "base/units.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

std::string refusal_of_duration(std::string_view text) {
  const auto parsed = parse_duration(text);
  return parsed ? "taken as " + duration_text(*parsed) : parsed.error().what;
}
std::string refusal_of_size(std::string_view text) {
  const auto parsed = parse_size(text);
  return parsed ? "taken as " + size_text(*parsed) : parsed.error().what;
}
std::string refusal_of_rate(std::string_view text) {
  const auto parsed = parse_rate(text);
  return parsed ? "taken" : parsed.error().what;
}

TEST(Units, DurationsTakeEveryUnit) {
  EXPECT_EQ(parse_duration("7ns").value(), 7ns);
  EXPECT_EQ(parse_duration("7us").value(), 7us);
  EXPECT_EQ(parse_duration("150ms").value(), 150ms);
  EXPECT_EQ(parse_duration("5s").value(), 5s);
  EXPECT_EQ(parse_duration("2m").value(), 2min);
  EXPECT_EQ(parse_duration("3h").value(), 3h);
  EXPECT_EQ(parse_duration("2d").value(), 48h);
  EXPECT_EQ(parse_duration("0s").value(), 0s);
}

TEST(Units, DurationsAddUpTheirParts) {
  EXPECT_EQ(parse_duration("1h30m").value(), 90min);
  EXPECT_EQ(parse_duration("1d2h3m4s5ms6us7ns").value(), 26h + 3min + 4s + 5ms + 6us + 7ns);
}

TEST(Units, DurationsTakeAFractionInTheLastPart) {
  EXPECT_EQ(parse_duration("1.5s").value(), 1500ms);
  EXPECT_EQ(parse_duration("1m0.25s").value(), 60250ms);
  EXPECT_EQ(parse_duration("0.5d").value(), 12h);
  EXPECT_EQ(parse_duration("0.000000001s").value(), 1ns);
  EXPECT_EQ(parse_duration("1.10000000000000000000s").value(), 1100ms);
}

TEST(Units, DurationsSayWhatWouldBeRight) {
  EXPECT_EQ(refusal_of_duration("5"), "duration '5': unit missing, write '5s'");
  EXPECT_EQ(refusal_of_duration(""), "duration '': write a number and a unit, like '5s' or '1h30m'");
  EXPECT_EQ(refusal_of_duration("-5s"), "duration '-5s': write a number and a unit, like '5s' or '1h30m'");
  EXPECT_EQ(refusal_of_duration("5 s"),
            "duration '5 s': the units are ns us ms s m h d, like '5s' or '1h30m'");
  EXPECT_EQ(refusal_of_duration("5S"), "duration '5S': the units are ns us ms s m h d, like '5s' or '1h30m'");
  EXPECT_EQ(refusal_of_duration("30m1h"),
            "duration '30m1h': write each unit once, the largest first, like '1h30m'");
  EXPECT_EQ(refusal_of_duration("1.5h30m"), "duration '1.5h30m': only the last number may have a fraction");
  EXPECT_EQ(refusal_of_duration("0.5ns"), "duration '0.5ns': finer than a nanosecond");
  EXPECT_EQ(refusal_of_duration("1.s"), "duration '1.s': write a number and a unit, like '5s' or '1h30m'");
}

TEST(Units, DurationsBeyondTenYearsAreRefusedHoweverWritten) {
  EXPECT_TRUE(parse_duration("3650d").has_value());
  EXPECT_THAT(refusal_of_duration("3650d1ns"), HasSubstr("longer than 10 years"));
  EXPECT_THAT(refusal_of_duration("3651d"), HasSubstr("longer than 10 years"));
  EXPECT_THAT(refusal_of_duration("99999999999999999999999999s"), HasSubstr("longer than 10 years"));
  EXPECT_THAT(refusal_of_duration("18446744073709551616ns"), HasSubstr("longer than 10 years"));
}

TEST(Units, DurationTextsAreShortAndExact) {
  EXPECT_EQ(duration_text(0s), "0s");
  EXPECT_EQ(duration_text(90min), "1h30m");
  EXPECT_EQ(duration_text(24h), "1d");
  EXPECT_EQ(duration_text(1500ms), "1.5s");
  EXPECT_EQ(duration_text(150ms), "150ms");
  EXPECT_EQ(duration_text(1ms + 1ns), "1.000001ms");
  EXPECT_EQ(duration_text(60s + 5ns), "1m5ns");
  EXPECT_EQ(duration_text(61s + 5ns), "1m1.000000005s");
}

TEST(Units, SizesAreBinaryOrDecimal) {
  EXPECT_EQ(parse_size("0").value(), Bytes{0});
  EXPECT_EQ(parse_size("512B").value(), Bytes{512});
  EXPECT_EQ(parse_size("64KiB").value(), 64_KiB);
  EXPECT_EQ(parse_size("64KB").value(), Bytes{64'000});
  EXPECT_EQ(parse_size("1MB").value(), Bytes{1'000'000});
  EXPECT_EQ(parse_size("1TiB").value(), Bytes{1ULL << 40});
}

TEST(Units, SizesSayWhatWouldBeRight) {
  EXPECT_EQ(refusal_of_size("64"), "size '64': unit missing, write '64B'");
  EXPECT_THAT(refusal_of_size("64kib"), HasSubstr("one of B KB MB GB TB KiB MiB GiB TiB"));
  EXPECT_THAT(refusal_of_size("1.5MiB"), HasSubstr("whole number"));
  EXPECT_THAT(refusal_of_size("-1B"), HasSubstr("whole number"));
  EXPECT_EQ(refusal_of_size("8388608TiB"), "size '8388608TiB': too large");
  EXPECT_EQ(refusal_of_size("99999999999999999999B"), "size '99999999999999999999B': too large");
}

TEST(Units, SizeTextsTakeTheUnitThatIsShortest) {
  EXPECT_EQ(size_text(Bytes{0}), "0");
  EXPECT_EQ(size_text(Bytes{1000}), "1KB");
  EXPECT_EQ(size_text(64_KiB), "64KiB");
  EXPECT_EQ(size_text(Bytes{1'000'000}), "1MB");
  EXPECT_EQ(size_text(Bytes{1023}), "1023B");
}

TEST(Units, RatesArePerSecond) {
  EXPECT_DOUBLE_EQ(parse_rate("100/s").value(), 100);
  EXPECT_DOUBLE_EQ(parse_rate("6000/m").value(), 100);
  EXPECT_DOUBLE_EQ(parse_rate("1/h").value(), 1.0 / 3600);
  EXPECT_DOUBLE_EQ(parse_rate("0.5/s").value(), 0.5);
}

TEST(Units, RatesSayWhatWouldBeRight) {
  EXPECT_EQ(refusal_of_rate("100"), "rate '100': unit missing, write '100/s'");
  EXPECT_EQ(refusal_of_rate("100/d"), "rate '100/d': write events per s, m or h, like '100/s'");
  EXPECT_EQ(refusal_of_rate("0/s"), "rate '0/s': must be above 0; leave the key out for no limit");
  EXPECT_EQ(refusal_of_rate("1e9/s"), "rate '1e9/s': write events per s, m or h, like '100/s'");
  EXPECT_EQ(refusal_of_rate("999999999999999999/s"), "rate '999999999999999999/s': too large");
}

TEST(Units, ByteRatesAreSizesPerSecond) {
  EXPECT_EQ(parse_byte_rate("1MiB/s").value(), 1_MiB);
  EXPECT_EQ(parse_byte_rate("1MiB").error().what, "byte rate '1MiB': write a size per second, like '1MiB/s'");
  EXPECT_EQ(parse_byte_rate("0/s").error().what,
            "byte rate '0/s': must be above 0; leave the key out for no limit");
}

TEST(Units, MillisecondsAndTheirTextAreTheSameNumber) {
  for (const auto duration : {Duration{803'499ns}, 803'500ns, 803'501ns, 804'500ns, 1'500'250'700ns, 0ns})
    EXPECT_EQ(milliseconds_text(duration), fmt::format("{:.3f}", milliseconds(duration)));
  EXPECT_EQ(milliseconds(803'500ns), 0.804);
  EXPECT_EQ(milliseconds_text(803'500ns), "0.804");
  EXPECT_EQ(milliseconds_text(803'499ns), "0.803");
}

TEST(Units, MistakesShowNoMoreOfATextThanALineHolds) {
  const auto refusal = refusal_of_duration(std::string(10'000, 'x') + "\n");

  EXPECT_LT(refusal.size(), 200U);
  EXPECT_EQ(refusal.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace tcpctl
