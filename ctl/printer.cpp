// SPDX-License-Identifier: Apache-2.0
#include "ctl/printer.hpp"

#include "ctl/terminal.hpp"

namespace tcpctl::ctl {
namespace {

class TablePrinter final : public RowPrinter {
 public:
  TablePrinter(std::vector<Column> columns, const View& view, bool headers)
      : table_{std::move(columns), view, headers} {}
  std::string rows(const std::vector<Json>& rows) override { return table_.print(rows); }

 private:
  Table table_;
};

class JsonPrinter final : public RowPrinter {
 public:
  std::string rows(const std::vector<Json>& rows) override {
    std::string out = open();
    for (const auto& row : rows) {
      out += (first_ ? "\n  " : ",\n  ") + row.dump(-1);
      first_ = false;
    }
    return out;
  }
  std::string end() override { return open() + (first_ ? "]}\n" : "\n]}\n"); }

 private:
  std::string open() { return std::exchange(opened_, true) ? "" : "{\"items\": ["; }
  bool opened_{false};
  bool first_{true};
};

class CsvPrinter final : public RowPrinter {
 public:
  CsvPrinter(std::vector<Column> columns, bool headers) : columns_{std::move(columns)}, headed_{!headers} {}
  std::string rows(const std::vector<Json>& rows) override {
    std::string out;
    if (!std::exchange(headed_, true)) {
      std::vector<std::string> heading;
      heading.reserve(columns_.size());
      for (const auto& column : columns_) heading.push_back(column.field);
      out += csv_line(heading);
    }
    for (const auto& row : rows) {
      std::vector<std::string> fields;
      fields.reserve(columns_.size());
      for (const auto& column : columns_) fields.push_back(safe(row.at(column.field).raw()));
      out += csv_line(fields);
    }
    return out;
  }

 private:
  std::vector<Column> columns_;
  bool headed_;
};

}  // namespace

std::unique_ptr<RowPrinter> row_printer(Format format, std::vector<Column> columns, const View& view,
                                        bool headers) {
  switch (format) {
    case Format::json:
      return std::make_unique<JsonPrinter>();
    case Format::csv:
      return std::make_unique<CsvPrinter>(std::move(columns), headers);
    case Format::table:
    case Format::wide:
      break;
  }
  return std::make_unique<TablePrinter>(std::move(columns), view, headers);
}

std::string csv_line(const std::vector<std::string>& fields) {
  std::string out;
  for (std::size_t at = 0; at < fields.size(); ++at) {
    if (at > 0) out += ',';
    const auto& field = fields[at];
    if (field.find_first_of(",\"\r\n") == std::string::npos) {
      out += field;
      continue;
    }
    out += '"';
    for (const char c : field) out += c == '"' ? std::string{"\"\""} : std::string{c};
    out += '"';
  }
  return out + "\r\n";
}

}  // namespace tcpctl::ctl
