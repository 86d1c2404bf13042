// SPDX-License-Identifier: Apache-2.0
#include "ctl/printer.hpp"

#include <gtest/gtest.h>

namespace tcpctl::ctl {
namespace {

std::vector<Json> rows(std::string_view json) { return Json::parse(json).value_or(Json{}).items(); }
std::vector<Column> columns() {
  return {{.title = "A", .field = "a.b"}, {.title = "C", .field = "c", .wide = true}};
}

TEST(Printer, JoinsTheRowsOfAllPagesIntoOneJsonList) {
  const auto printer = row_printer(Format::json, columns(), {});
  auto text = printer->rows(rows(R"([{"a": 1}])"));
  text += printer->rows({});
  text += printer->rows(rows(R"([{"a": 2}, {"a": null}])"));
  text += printer->end();

  EXPECT_EQ(text, "{\"items\": [\n  {\"a\":1},\n  {\"a\":2},\n  {\"a\":null}\n]}\n");
  EXPECT_TRUE(Json::parse(text));
}

TEST(Printer, WritesAnEmptyListAsOne) {
  const auto printer = row_printer(Format::json, columns(), {});

  EXPECT_EQ(printer->rows({}) + printer->end(), "{\"items\": []}\n");
}

TEST(Printer, LeavesJsonOpenUntilTheEndSoThatHalfAListNeverLooksWhole) {
  const auto printer = row_printer(Format::json, columns(), {});

  EXPECT_FALSE(Json::parse(printer->rows(rows("[1]"))));
}

TEST(Printer, WritesCsvWithRawValuesUnderTheNamesOfTheApi) {
  const auto printer = row_printer(Format::csv, columns(), {.width = 3});
  const auto text =
      printer->rows(rows(R"([{"a": {"b": 1234567}, "c": "x,\"y\""}, {"c": null}])")) + printer->end();

  EXPECT_EQ(text, "a.b,c\r\n1234567,\"x,\"\"y\"\"\"\r\n,\r\n");
}

TEST(Printer, EscapesControlCharactersInCsv) {
  const auto printer = row_printer(Format::csv, columns(), {});

  EXPECT_EQ(printer->rows(rows(R"([{"c": "\u001b[2J\r\n"}])")), "a.b,c\r\n,\\x1b[2J\\r\\n\r\n");
}

}  // namespace
}  // namespace tcpctl::ctl
