// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/exit.hpp"
#include "ctl/table.hpp"

/// Columns chosen by their names, rows chosen and ordered by their columns: of lists that the daemon gives as
/// a whole.
namespace tcpctl::ctl {

/// Is `name` the column's title, "last failure" or LAST-FAILURE, or its field, "connections.active"?
[[nodiscard]] bool is_named(const Column& column, std::string_view name);
/// Errors: usage, with the columns that there are.
[[nodiscard]] Answer<Column> column_named(const std::vector<Column>& columns, std::string_view name,
                                          const std::string& option);

/// A comparison of one column: "state=up", "in>1MB", "name~web". `~` is "holds, in any case of letters".
class RowFilter {
 public:
  /// Errors: usage: no such column, or no comparison.
  [[nodiscard]] static Answer<RowFilter> parse(std::string_view text, const std::vector<Column>& columns);
  /// Of what a row does not have, only `!=` holds.
  [[nodiscard]] bool keeps(const Json& row, const View& view) const;

 private:
  enum class Sign { less, at_most, equal, not_equal, at_least, more, holds };
  RowFilter(Column column, Sign sign, std::string value)
      : column_{std::move(column)}, sign_{sign}, value_{std::move(value)} {}
  [[nodiscard]] bool compare_numbers(double actual, double wanted) const;
  [[nodiscard]] bool compare_texts(const std::string& actual) const;

  Column column_;
  Sign sign_;
  std::string value_;
};

/// Sorts `rows` by the column of that name, '-' in front descends. Numbers by size, texts with the numbers in
/// them by size: "web9" before "web10". What is missing comes last. Errors: usage.
[[nodiscard]] Answer<void> sort_rows(std::vector<Json>& rows, const std::string& by,
                                     const std::vector<Column>& columns, const View& view);

}  // namespace tcpctl::ctl
