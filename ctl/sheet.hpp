// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ctl/table.hpp"

namespace tcpctl::ctl {

/// What `show` prints: one object's facts in groups, labels aligned within the whole sheet.
class Sheet {
 public:
  explicit Sheet(const View& view) : view_{view} {}
  void group(std::string title);
  /// An empty value shows as "-".
  void fact(std::string label, std::string value, Tone tone = Tone::plain);
  /// A line of its own, indented like the facts: entries of a list.
  void line(std::string text, Tone tone = Tone::plain);
  [[nodiscard]] std::string text() const;

 private:
  struct Entry {
    std::string label, value;
    Tone tone;
    enum class Kind { title, fact, line } kind;
  };
  View view_;
  std::vector<Entry> entries_;
};

/// The members of `object` as a group of facts; nothing if it is none.
void add_members(Sheet& sheet, const std::string& title, const Json& object);

}  // namespace tcpctl::ctl
