// SPDX-License-Identifier: Apache-2.0
#include "ctl/table.hpp"

#include <gtest/gtest.h>

#include "ctl/terminal.hpp"

namespace tcpctl::ctl {
namespace {

std::vector<Json> rows(std::string_view json) { return Json::parse(json).value_or(Json{}).items(); }

std::vector<Column> columns() {
  return {{.title = "NAME", .field = "name", .min = 6},
          {.title = "COUNT", .field = "count", .align = Align::right, .rank = 2},
          {.title = "NOTE", .field = "note", .rank = 1, .min = 5},
          {.title = "MORE", .field = "more", .wide = true}};
}

const std::vector<Json> kRows = rows(
    R"([{"name": "alphabet", "count": 7, "note": "a longer note", "more": "m"}, {"name": "b", "count": 1000}])");

std::string printed(const View& view) { return Table{columns(), view}.print(kRows); }

TEST(Table, AlignsItsColumnsAndShowsADashWhereNothingIsKnown) {
  EXPECT_EQ(printed({}),
            "NAME      COUNT  NOTE\n"
            "alphabet      7  a longer note\n"
            "b          1000  -\n");
}

TEST(Table, ShortensTheLeastImportantColumnsFirst) {
  EXPECT_EQ(printed({.width = 26}),
            "NAME      COUNT  NOTE\n"
            "alphabet      7  a longer…\n"
            "b          1000  -\n");
}

TEST(Table, DropsAColumnOnceShorteningIsNotEnough) {
  EXPECT_EQ(printed({.width = 19}),
            "NAME      NOTE\n"
            "alphabet  a longer…\n"
            "b         -\n");
}

TEST(Table, NeverWritesMoreThanTheWidth) {
  for (std::size_t width = 1; width < 40; ++width) {
    const std::string text{Table{columns(), {.width = width}}.print(kRows)};
    for (std::string_view left = text; !left.empty(); left.remove_prefix(left.find('\n') + 1)) {
      EXPECT_LE(display_width(left.substr(0, left.find('\n'))), width) << text;
    }
  }
}

TEST(Table, ShowsEveryColumnInFullWhenItIsWide) {
  EXPECT_EQ(printed({.width = 10, .wide = true}),
            "NAME      COUNT  NOTE           MORE\n"
            "alphabet      7  a longer note  m\n"
            "b          1000  -              -\n");
}

TEST(Table, KeepsItsLayoutOnLaterPagesAndItsHeadingOnTheFirst) {
  Table table{columns(), {}};
  (void)table.print(kRows);

  EXPECT_EQ(table.print(rows(R"([{"name": "a much longer name", "count": 1}])")),
            "a much longer name      1  -\n");
}

TEST(Table, PrintsItsHeadingAloneWhereThereAreNoRows) {
  EXPECT_EQ((Table{columns(), {}}.print({})), "NAME  COUNT  NOTE\n");
}

TEST(Table, CountsColumnsOfTheTerminalAndNotBytes) {
  EXPECT_EQ(
      (Table{columns(), {}}.print(rows(R"([{"name": "世界", "count": 1}, {"name": "grüße", "count": 2}])"))),
      "NAME   COUNT  NOTE\n"
      "世界       1  -\n"
      "grüße      2  -\n");
}

TEST(Table, EscapesWhatAPeerPutIntoAValue) {
  EXPECT_EQ((Table{columns(), {}}.print(rows(R"([{"name": "x\u001b[2J\ny", "count": 1}])"))),
            "NAME         COUNT  NOTE\n"
            "x\\x1b[2J\\ny      1  -\n");
}

TEST(Table, ColoursTheTextAloneAndKeepsTheColumns) {
  const auto plain = printed({.width = 26});
  auto coloured = printed({.width = 26, .color = true});

  for (const auto* code : {"\x1b[1m", "\x1b[0m"}) {
    while (coloured.find(code) != std::string::npos)
      coloured.erase(coloured.find(code), std::string_view{code}.size());
  }
  EXPECT_EQ(coloured, plain);
}

}  // namespace
}  // namespace tcpctl::ctl
