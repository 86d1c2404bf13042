// SPDX-License-Identifier: Apache-2.0
#include "ctl/sheet.hpp"

#include <algorithm>

#include "ctl/cells.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl {

void Sheet::group(std::string title) {
  entries_.push_back({std::move(title), {}, Tone::strong, Entry::Kind::title});
}

void Sheet::fact(std::string label, std::string value, Tone tone) {
  entries_.push_back({std::move(label), std::move(value), tone, Entry::Kind::fact});
}

void Sheet::line(std::string text, Tone tone) {
  entries_.push_back({{}, std::move(text), tone, Entry::Kind::line});
}

std::string Sheet::text() const {
  std::size_t labels = 0;
  for (const auto& entry : entries_) {
    if (entry.kind == Entry::Kind::fact) labels = std::max(labels, display_width(entry.label));
  }
  std::string out;
  for (const auto& entry : entries_) {
    const auto value = entry.value.empty() ? std::string{"-"} : safe(entry.value);
    switch (entry.kind) {
      case Entry::Kind::title:
        out += (out.empty() ? "" : "\n") + toned(safe(entry.label), entry.tone, view_.color) + "\n";
        break;
      case Entry::Kind::fact: {
        const std::string room(labels + 2 - display_width(entry.label), ' ');
        out += "  " + entry.label + room + toned(value, entry.tone, view_.color) + "\n";
        break;
      }
      case Entry::Kind::line:
        out += "  " + toned(value, entry.tone, view_.color) + "\n";
        break;
    }
  }
  return out;
}

void add_members(Sheet& sheet, const std::string& title, const Json& object) {
  const auto members = object.members();
  if (members.empty()) return;
  sheet.group(title);
  for (const auto& [key, value] : members) {
    sheet.fact(key, value.is_list() ? joined(value.items()) : value.raw());
  }
}

}  // namespace tcpctl::ctl
