// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/mdoc.hpp"
#include "config/config.hpp"
#include "config/value.hpp"

namespace tcpctl::config {
namespace {

constexpr std::size_t kColumns = 6;
using Row = std::array<std::string, kColumns>;

std::string_view unit_of(KeyType type) {
  switch (type) {
    case KeyType::duration:
      return "ns us ms s m h d";
    case KeyType::size:
      return "B KiB MiB GiB TiB";
    case KeyType::rate:
      return "per s m h";
    case KeyType::byte_rate:
      return "bytes/s";
    default:
      return "-";
  }
}

std::string default_of(const Key& key) {
  if (key.required) return "(required)";
  return key.fallback.empty() ? "-" : std::string{key.fallback};
}

Row row_of(const KeyTable::Entry& entry) {
  const auto& key = entry.key;
  const auto type =
      key.list ? fmt::format("list of {}", type_text(key.type)) : std::string{type_text(key.type)};
  const auto bounds = bounds_text(key);
  return {entry.path,
          type,
          std::string{unit_of(key.type)},
          default_of(key),
          bounds.empty() ? "-" : bounds,
          std::string{key.help}};
}

/// "listeners.*.tcp.congestion" -> "listeners.*": the table that a section of the manual is about.
std::string table_of(const std::string& path) {
  const auto dot = path.find('.');
  const auto star = path.find(".*.", dot);
  if (star == dot) return path.substr(0, dot + 2);
  return path.substr(0, dot);
}

std::string manual_item(const KeyTable::Entry& entry, const std::string& table) {
  const auto row = row_of(entry);
  std::string facts = row.at(1);
  if (row.at(2) != "-") facts += fmt::format(", {}", row.at(2));
  if (row.at(4) != "-") facts += fmt::format(", {}", row.at(4));
  facts += entry.key.required ? "; required" : row.at(3) == "-" ? "" : fmt::format("; default {}", row.at(3));
  return fmt::format(".It Ic {}\n{}.\n{}.\n", mdoc_text(entry.path.substr(table.size() + 1)),
                     mdoc_text(entry.key.help), mdoc_text(facts));
}

}  // namespace

std::string print_manual(const KeyTable& keys) {
  std::string text;
  std::string table;
  for (const auto& entry : keys.entries()) {
    if (const auto next = table_of(entry.path); next != table) {
      if (!table.empty()) text += ".El\n";
      table = next;
      text += fmt::format(".Ss [{}]\n.Bl -tag -width 4n\n", mdoc_text(table));
    }
    text += manual_item(entry, table);
  }
  return text + ".El\n";
}

std::string print_keys(const KeyTable& keys) {
  std::vector<Row> rows{{"KEY", "TYPE", "UNIT", "DEFAULT", "BOUNDS", "HELP"}};
  for (const auto& entry : keys.entries()) rows.push_back(row_of(entry));
  std::array<std::size_t, kColumns> widths{};
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < kColumns; ++i) widths.at(i) = std::max(widths.at(i), row.at(i).size());
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i + 1 < kColumns; ++i) text += fmt::format("{:<{}}  ", row.at(i), widths.at(i));
    text += row.back() + "\n";
  }
  return text;
}

}  // namespace tcpctl::config
