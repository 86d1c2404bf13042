// SPDX-License-Identifier: Apache-2.0
#include "ctl/config_text.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "ctl/cells.hpp"
#include "ctl/sheet.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl {
namespace {

std::string applies_in_words(const std::string& applies) {
  if (applies == "new_connections") return "for new connections";
  if (applies == "rebind") return "now, its sockets are made anew";
  if (applies == "restart") return "after a restart";
  return applies;
}

void add_names(Sheet& sheet, const Json& answer, const char* member, Tone tone) {
  std::string label = member;
  std::ranges::replace(label, '_', ' ');
  const auto items = answer.items(member);
  sheet.fact(label, items.empty() ? "none" : joined(items), items.empty() ? Tone::plain : tone);
}

/// What holds, and what to do.
std::string verdict(const std::string& wins) {
  if (wins == "file")
    return "the file's holds now; if that had been saved, 'tcpctl config save' takes it out of saved.toml";
  if (wins == "saved") return "saved.toml holds; 'tcpctl config reload --force' takes the file's";
  return "that stays; 'tcpctl config save' keeps it over a restart, 'tcpctl config reload --force' takes the "
         "file's";
}

std::string conflict_line(const Json& conflict, const View& view) {
  return toned("conflict: ", Tone::warn, view.color) +
         safe(fmt::format("{}, declared at {}, was {} at run time; {}", conflict.text("name").value_or("-"),
                          conflict.text("file").value_or("-"),
                          conflict.text("at_run_time").value_or("changed"),
                          verdict(conflict.text("wins").value_or("")))) +
         "\n";
}

constexpr const char* kNothingToSave = "nothing to save: a restart brings what runs";

std::string value_text(const Json& value) { return value.is_null() ? "(default)" : value.dump(-1); }

}  // namespace

std::string reload_text(const Json& reload, const View& view) {
  Sheet sheet{view};
  sheet.group("Reloaded");
  add_names(sheet, reload, "added", Tone::good);
  for (const auto& change : reload.items("changed")) {
    std::string keys;
    for (const auto& [key, applies] : change.members("keys")) {
      keys += (keys.empty() ? "" : ", ") + key + " (" + applies_in_words(applies.raw()) + ")";
    }
    sheet.fact("changed", change.text("name").value_or("-") + ": " + keys);
  }
  add_names(sheet, reload, "removed", Tone::plain);
  add_names(sheet, reload, "kept", Tone::plain);
  add_names(sheet, reload, "failed", Tone::bad);
  std::string text = sheet.text();
  for (const auto& conflict : reload.items("conflicts")) text += conflict_line(conflict, view);
  return text;
}

std::string saved_line(const Json& saved) {
  if (saved.truth("unchanged").value_or(false)) return kNothingToSave;
  std::string text = fmt::format("saved in {}", saved.text("file").value_or("-"));
  std::string before = ": ";
  const auto add = [&](const char* member, const char* form) {
    const auto items = saved.items(member);
    if (items.empty()) return;
    text += std::exchange(before, "; ") + fmt::format(fmt::runtime(form), joined(items));
  };
  add("saved", "{}");
  add("removed", "removed {}");
  add("given_back", "gave {} back to the other files");
  return text;
}

std::string saved_text(const Json& saved, const View& view) {
  if (saved.truth("unchanged").value_or(false)) return fmt::format("{}\n", kNothingToSave);
  const bool is_dry = saved.truth("dry_run").value_or(false);
  Sheet sheet{view};
  sheet.group(
      fmt::format("{} {}", is_dry ? "Would be saved in" : "Saved in", saved.text("file").value_or("-")));
  add_names(sheet, saved, "saved", Tone::good);
  add_names(sheet, saved, "removed", Tone::plain);
  add_names(sheet, saved, "given_back", Tone::plain);
  return sheet.text();
}

std::string diff_text(const Json& diff, const View& view) {
  std::string conflicts;
  for (const auto& conflict : diff.items("conflicts")) conflicts += conflict_line(conflict, view);
  if (diff.truth("same").value_or(false)) return "what runs and the files are the same\n" + conflicts;
  std::string text = "--- files\n+++ running\n";
  const auto add = [&](std::string_view sign, const std::string& line) {
    text += toned(fmt::format("{} {}", sign, safe(line)), sign == "-" ? Tone::bad : Tone::good, view.color) +
            "\n";
  };
  for (const auto& name : diff.items("removed")) add("-", name.raw());
  for (const auto& name : diff.items("added")) add("+", name.raw());
  for (const auto& change : diff.items("changed")) {
    text += fmt::format("  {}\n", safe(change.text("name").value_or("-")));
    for (const auto& [key, values] : change.members("keys")) {
      add("-", fmt::format("  {} = {}", key, value_text(values.at("files"))));
      add("+", fmt::format("  {} = {}", key, value_text(values.at("running"))));
    }
  }
  return text + conflicts;
}

}  // namespace tcpctl::ctl
