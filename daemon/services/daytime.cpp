// SPDX-License-Identifier: Apache-2.0
// daytime - sends date and time as a line of text, then closes. Source: RFC 867.
#include "services/daytime.hpp"

#include <array>
#include <string_view>

#include <fmt/format.h>

#include "services/registry.hpp"

namespace tcpctl {
namespace {

constexpr std::array<std::string_view, 7> kWeekdays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                    "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> kMonths{"January",   "February", "March",    "April",
                                                   "May",       "June",     "July",     "August",
                                                   "September", "October",  "November", "December"};

class Daytime final : public Service {
 public:
  void on_open(Session& session) override {
    session.send(as_bytes(daytime_line(wall_now())));
    session.finish(ServiceEnd::done);
  }
  std::size_t on_data(Session&, ByteView bytes) override { return bytes.size(); }
};

tl::expected<ServiceFactory, config::Mistakes> make(const config::OptionReader&) {
  return [] { return std::make_unique<Daytime>(); };
}

}  // namespace

std::string daytime_line(WallTime now) {
  using namespace std::chrono;
  const auto day = floor<days>(now);
  const year_month_day date{day};
  const hh_mm_ss clock{floor<seconds>(now - day)};
  return fmt::format("{}, {} {}, {:04} {:02}:{:02}:{:02}-UTC\r\n", kWeekdays.at(weekday{day}.c_encoding()),
                     kMonths.at(static_cast<unsigned>(date.month()) - 1), static_cast<unsigned>(date.day()),
                     static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count());
}

ServiceKind daytime_service() {
  return {.name = "daytime",
          .help = "Sends date and time in UTC as one line, then closes (RFC 867)",
          .keys = {},
          .make = make};
}

}  // namespace tcpctl
