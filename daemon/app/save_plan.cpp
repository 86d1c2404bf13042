// SPDX-License-Identifier: Apache-2.0
#include "app/save_plan.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/key_table.hpp"
#include "app/overruled.hpp"
#include "config/files.hpp"

namespace tcpctl {
namespace {

using config::Node;

/// Makes the new saved.toml of the old one.
class Editor {
 public:
  explicit Editor(const config::Files& files) : files_{files}, saved_{files.saved} {
    for (const auto& one : files.overruled) overruled_.emplace(one.name, &one.declared);
  }

  /// Owns up to what saved.toml overrules, though the other file came only later; unless both say the same.
  void settle(const std::string& name) {
    const Node* const saved = config::find_declared(saved_.rest, name);
    if (saved == nullptr) return;
    if (says_the_same(*overruled_.at(name), config::Written{*saved}, object_named(name))) {
      give_back(name);
    } else {
      saved_.replaces.insert(name);
    }
  }

  /// saved.toml says nothing of it any more.
  void give_back(const std::string& name) {
    drop(name);
    saved_.replaces.erase(name);
    saved_.removes.erase(name);
  }

  void put(const ObjectName& object, const config::Written& table) {
    const auto name = object.text();
    const Node* const other = elsewhere(name);
    if (other != nullptr && says_the_same(*other, table, object)) {
      give_back(name);
      return;
    }
    if (Node::Table* const objects = saved_.rest.table(object.table()))
      objects->insert_or_assign(object.name, table.node());
    saved_.removes.erase(name);
    if (other != nullptr) saved_.replaces.insert(name);
  }

  void remove(const ObjectName& object) {
    const auto name = object.text();
    give_back(name);
    if (elsewhere(name) != nullptr) saved_.removes.insert(name);
  }

  /// What another file than saved.toml declares; null if none does.
  [[nodiscard]] const Node* elsewhere(const std::string& name) const {
    if (const auto found = overruled_.find(name); found != overruled_.end()) return found->second;
    const bool is_saved = config::find_declared(files_.saved.rest, name) != nullptr;
    return is_saved ? nullptr : config::find_declared(files_.root, name);
  }

  [[nodiscard]] const config::Saved& saved() const { return saved_; }

 private:
  void drop(const std::string& name) {
    config::take_declared(saved_.rest, name);
    std::erase_if(std::get<Node::Table>(saved_.rest.value()), [](const auto& entry) {
      const auto* const table = entry.second.template as<Node::Table>();
      return table != nullptr && table->empty();
    });
  }

  const config::Files& files_;
  config::Saved saved_;
  std::map<std::string, const Node*> overruled_;
};

bool is_alike(const config::Saved& before, const config::Saved& after, const std::string& name) {
  const Node* const old_table = config::find_declared(before.rest, name);
  const Node* const new_table = config::find_declared(after.rest, name);
  const bool same =
      old_table == nullptr || new_table == nullptr ? old_table == new_table : *old_table == *new_table;
  return same && before.replaces.contains(name) == after.replaces.contains(name) &&
         before.removes.contains(name) == after.removes.contains(name);
}

SaveRow row_of(const config::Files& files, const config::Saved& after, const Unsaved& unsaved) {
  SaveRow row;
  const config::Saved& before = files.saved;
  std::set<std::string> names = unsaved.files_won, removed;
  for (const auto& one : files.overruled) names.insert(one.name);
  for (const auto& [object, table] : unsaved.changes.all()) {
    names.insert(object.text());
    if (!table) removed.insert(object.text());
  }
  for (const auto& name : names) {
    if (is_alike(before, after, name)) continue;
    const bool is_there = config::find_declared(after.rest, name) != nullptr;
    auto& list = is_there ? row.saved : removed.contains(name) ? row.removed : row.given_back;
    list.push_back(name);
  }
  row.unchanged = before == after;
  return row;
}

std::vector<ReloadRow::Conflict> conflicts_after(const Editor& editor) {
  std::vector<ReloadRow::Conflict> conflicts;
  const auto add = [&](const std::set<std::string>& names, bool removed) {
    for (const auto& name : names) {
      if (const Node* const other = editor.elsewhere(name))
        conflicts.push_back({name, other->key_place().text(), removed, false, true});
    }
  };
  add(editor.saved().replaces, false);
  add(editor.saved().removes, true);
  return conflicts;
}

/// Mistakes anywhere would keep the daemon from starting on what is saved.
config::Mistakes mistakes_of(const config::Files& files, const RuntimeChanges& changes) {
  auto top = changes.put_on(files.root, false);
  StatsBook scratch{1};
  const auto design = design_of(top.root, scratch);
  auto mistakes = design ? config::Mistakes{} : design.error();
  auto hidden = hidden_mistakes(files);
  std::move(top.mistakes.begin(), top.mistakes.end(), std::back_inserter(mistakes));
  std::move(hidden.begin(), hidden.end(), std::back_inserter(mistakes));
  return mistakes;
}

/// It comes back as it is meant to be.
bool reads_back(const config::Saved& saved, const std::string& text) {
  auto root = config::parse_toml(text, std::string{config::kSavedFile});
  if (!root) return false;
  const auto again = config::take_saved(*std::move(root));
  return again && *again == saved;
}

}  // namespace

config::Checked<SavePlan> plan_save(const Sources& sources, const Unsaved& unsaved) {
  const auto files = read(sources, {.all = false, .objects = unsaved.files_won});
  if (!files) return tl::make_unexpected(files.error());
  if (auto mistakes = mistakes_of(*files, unsaved.changes); !mistakes.empty())
    return tl::make_unexpected(std::move(mistakes));
  Editor editor{*files};
  for (const auto& one : files->overruled) editor.settle(one.name);
  for (const auto& name : unsaved.files_won) editor.give_back(name);
  for (const auto& [object, table] : unsaved.changes.all()) {
    if (table) {
      editor.put(object, *table);
    } else {
      editor.remove(object);
    }
  }
  SavePlan plan{sources.saved_file(), editor.saved().text(), row_of(*files, editor.saved(), unsaved),
                conflicts_after(editor)};
  plan.row.file = plan.file.string();
  if (!reads_back(editor.saved(), plan.text)) {
    config::Place place;
    place.file = std::make_shared<const std::string>(plan.row.file);
    return tl::make_unexpected(
        config::Mistakes{{place, "would not read back as it was meant; nothing was written"}});
  }
  return plan;
}

Result<void> may_write(const SavePlan& plan) {
  if (plan.text.size() > config::kLargestFile) {
    return fail(Errc::conflict,
                fmt::format("{} would be larger than 16 MiB, the most that is read again; nothing was saved",
                            plan.row.file));
  }
  struct stat status{};
  if (::lstat(plan.file.c_str(), &status) != 0 || status.st_uid == ::geteuid()) return {};
  return fail(Errc::conflict,
              fmt::format("{} belongs to uid {}, and tcpctld runs as uid {}; nothing was saved: give tcpctld "
                          "a state folder of its own (daemon.state)",
                          plan.row.file, status.st_uid, ::geteuid()));
}

}  // namespace tcpctl
