// SPDX-License-Identifier: Apache-2.0
#include "ctl/row_filter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ctl/cells.hpp"

namespace tcpctl::ctl {
namespace {

using ::testing::ElementsAre;

const std::vector<Column> kColumns{{.title = "NAME", .field = "name"},
                                   {.title = "STATE", .field = "state"},
                                   {.title = "LAST FAILURE", .field = "last_failure"},
                                   {.title = "AGE", .field = "age_ms", .show = millis_cell},
                                   {.title = "IN", .field = "bytes_in", .show = bytes_cell},
                                   {.title = "REFUSED", .field = "refused_total", .show = sum_cell}};

std::vector<Json> rows() {
  std::vector<Json> all;
  for (const auto* text :
       {R"({"name":"web10","state":"up","age_ms":1500,"bytes_in":5000000,"refused_total":{"a":1,"b":2}})",
        R"({"name":"web9","state":"down","age_ms":90000,"bytes_in":10,"refused_total":{}})",
        R"({"name":"mail","state":"Up","last_failure":"connection refused"})"})
    all.push_back(Json::parse(text).value());
  return all;
}

std::vector<std::string> names(const std::vector<Json>& all) {
  std::vector<std::string> names;
  for (const auto& row : all) names.push_back(row.text("name").value_or(""));
  return names;
}

std::vector<std::string> kept(std::string_view text) {
  const auto filter = RowFilter::parse(text, kColumns);
  if (!filter) return {filter.error().line};
  auto all = rows();
  std::erase_if(all, [&](const Json& row) { return !filter->keeps(row, View{}); });
  return names(all);
}

std::vector<std::string> sorted(const std::string& by) {
  auto all = rows();
  const auto done = sort_rows(all, by, kColumns, View{});
  return done ? names(all) : std::vector{done.error().line};
}

TEST(RowFilter, ComparesTextsWhateverTheCase) {
  EXPECT_THAT(kept("state=up"), ElementsAre("web10", "mail"));
  EXPECT_THAT(kept("STATE != up"), ElementsAre("web9"));
  EXPECT_THAT(kept("name~WEB"), ElementsAre("web10", "web9"));
  EXPECT_THAT(kept("last-failure~refused"), ElementsAre("mail"));
  EXPECT_THAT(kept("last_failure="), ElementsAre("web10", "web9"));
  EXPECT_THAT(kept("name<web10"), ElementsAre("web9", "mail"));
}

TEST(RowFilter, ComparesNumbersInTheUnitsOfTheirField) {
  EXPECT_THAT(kept("in>1MB"), ElementsAre("web10"));
  EXPECT_THAT(kept("bytes_in<=10"), ElementsAre("web9"));
  EXPECT_THAT(kept("age>=1m"), ElementsAre("web9"));
  EXPECT_THAT(kept("age<1500ms"), ElementsAre());
  EXPECT_THAT(kept("refused=3"), ElementsAre("web10"));
}

TEST(RowFilter, KeepsWhatIsMissingForNotEqualAlone) {
  EXPECT_THAT(kept("in!=10"), ElementsAre("web10", "mail"));
  EXPECT_THAT(kept("in<1GB"), ElementsAre("web10", "web9"));
}

TEST(RowFilter, SaysWhatIsWrong) {
  EXPECT_THAT(kept("stat=up"), ElementsAre("--filter: no column 'stat'; did you mean 'state'?"));
  EXPECT_THAT(kept("xyzzyx=1"),
              ElementsAre("--filter: no column 'xyzzyx'; there are name, state, last-failure, age, "
                          "in, refused"));
  EXPECT_THAT(kept("name"),
              ElementsAre("--filter: 'name' is no comparison; write state=up, name~web, in>1MB"));
}

TEST(RowFilter, SortsNumbersInTextsInOrderAndWhatIsMissingLast) {
  EXPECT_THAT(sorted("name"), ElementsAre("mail", "web9", "web10"));
  EXPECT_THAT(sorted("-name"), ElementsAre("web10", "web9", "mail"));
  EXPECT_THAT(sorted("in"), ElementsAre("web9", "web10", "mail"));
  EXPECT_THAT(sorted("-in"), ElementsAre("web10", "web9", "mail"));
  EXPECT_THAT(sorted("nam"), ElementsAre("--sort: no column 'nam'; did you mean 'name'?"));
}

}  // namespace
}  // namespace tcpctl::ctl
