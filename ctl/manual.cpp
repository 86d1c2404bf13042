// SPDX-License-Identifier: Apache-2.0
#include "ctl/manual.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/mdoc.hpp"
#include "ctl/help.hpp"

namespace tcpctl::ctl {
namespace {

/// The words of a help as a sentence. What begins with a value as it is typed keeps its small letter.
std::string sentence(const std::string& help) {
  const auto first = help.substr(0, help.find_first_of(" ,;"));
  const bool is_word = std::ranges::all_of(first, [](char c) { return c >= 'a' && c <= 'z'; });
  auto text = help;
  if (is_word && !text.empty()) text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return mdoc_text(text) + (text.ends_with('.') ? "\n" : ".\n");
}

std::string item(const std::string& head, const std::string& help) {
  return fmt::format(".It Cm \"{}\"\n{}", mdoc_text(head), sentence(help));
}

std::string list(const std::string& items) {
  return items.empty() ? "" : ".Bl -tag -width 6n -compact\n" + items + ".El\n";
}

std::string verb_text(const Noun& noun, const Verb& verb) {
  std::string words;
  for (const auto& positional : verb.positionals) words += item(positional.name, positional.help);
  for (const auto& option : verb.options) words += item(shown(option), option.help);
  return fmt::format(".It Ic \"{}\"\n{}{}.Dl {}\n", mdoc_text(usage(noun, verb)), sentence(verb.help),
                     list(words), mdoc_text(verb.example));
}

std::string noun_text(const Noun& noun) {
  std::string text = fmt::format(".Ss {}\n{}", mdoc_text(noun.name), sentence(noun.help));
  if (!noun.aliases.empty()) {
    text += "Also written:";
    for (const auto& alias : noun.aliases)
      text += (&alias == &noun.aliases.front() ? " " : ", ") + mdoc_text(alias);
    text += ".\n";
  }
  if (!noun.is_verb()) text += fmt::format("Without a verb: {}.\n", mdoc_text(noun.verbs.front().name));
  text += ".Bl -tag -width 4n\n";
  for (const auto& verb : noun.verbs) text += verb_text(noun, verb);
  return text + ".El\n";
}

}  // namespace

std::string manual_text(const std::vector<Noun>& nouns) {
  std::string options;
  for (const auto& option : global_options()) options += item(shown(option), option.help);
  std::string text = ".Ss Options of every command\n" + list(options);
  for (const auto& noun : nouns) text += noun_text(noun);
  return text;
}

}  // namespace tcpctl::ctl
