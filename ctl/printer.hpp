// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/table.hpp"

namespace tcpctl::ctl {

/// What -o asks for. `wide` is `table` with every column in full.
enum class Format { table, wide, json, csv };

/// Writes rows as they come, page by page, and holds none of them.
class RowPrinter {
 public:
  RowPrinter() = default;
  RowPrinter(const RowPrinter&) = delete;
  RowPrinter& operator=(const RowPrinter&) = delete;
  virtual ~RowPrinter() = default;
  [[nodiscard]] virtual std::string rows(const std::vector<Json>& rows) = 0;
  /// What follows the last row. Without it JSON stays open, so that half a list never looks whole.
  [[nodiscard]] virtual std::string end() { return {}; }
};

[[nodiscard]] std::unique_ptr<RowPrinter> row_printer(Format format, std::vector<Column> columns,
                                                      const View& view, bool headers = true);

/// One line of CSV with its CRLF. Source: RFC 4180.
[[nodiscard]] std::string csv_line(const std::vector<std::string>& fields);

}  // namespace tcpctl::ctl
