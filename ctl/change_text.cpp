// SPDX-License-Identifier: Apache-2.0
#include "ctl/change_text.hpp"

#include <fmt/format.h>

namespace tcpctl::ctl {
namespace {

std::string applies_in_words(const std::string& applies) {
  if (applies == "new_connections") return "new connections";
  if (applies == "rebind") return "re-bind";
  if (applies == "restart") return "after a restart";
  return applies;
}

std::string keys_text(const Json& change) {
  std::string text;
  for (const auto& [key, applies] : change.members("keys"))
    text += fmt::format("{}{}: {}", text.empty() ? "; " : ", ", key, applies_in_words(applies.raw()));
  return text;
}

/// ", listening on 127.0.0.1:8080, [::1]:8080"
std::string place_text(const Json& object) {
  std::string text;
  for (const auto& address : object.items("addresses")) {
    if (const auto bound = address.text("bound"))
      text += fmt::format("{}{}", text.empty() ? ", listening on " : ", ", *bound);
  }
  if (const auto address = object.text("address"))
    text += fmt::format(", {} {}", object.text("mode") == "probe" ? "probes" : "connects to", *address);
  return text;
}

}  // namespace

std::string change_text(const ObjectKind& kind, const Json& change, const Json& object) {
  const auto name = fmt::format("{} {}", kind.noun, change.text("name").value_or("-"));
  const auto outcome = change.text("outcome").value_or("changed");
  const bool is_dry = change.truth("dry_run").value_or(false);
  if (outcome == "unchanged") return fmt::format("{} {}", name, is_dry ? "would stay as it is" : "unchanged");
  return fmt::format("{} {}{}{}{}", name, is_dry ? "would be " : "", outcome, keys_text(change),
                     place_text(object));
}

}  // namespace tcpctl::ctl
