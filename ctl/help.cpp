// SPDX-License-Identifier: Apache-2.0
#include "ctl/help.hpp"

#include <algorithm>

#include "ctl/terminal.hpp"

namespace tcpctl::ctl {
namespace {

using Rows = std::vector<std::pair<std::string, std::string>>;

std::string section(const std::string& title, const Rows& rows) {
  if (rows.empty()) return {};
  std::size_t width = 0;
  for (const auto& [name, help] : rows) width = std::max(width, display_width(name));
  auto out = "\n" + title + ":\n";
  for (const auto& [name, help] : rows) {
    out.append("  ").append(name).append(width + 2 - display_width(name), ' ').append(help).append("\n");
  }
  return out;
}

std::string shown(const Positional& positional) {
  switch (positional.count) {
    case Positional::Count::one:
      return positional.name;
    case Positional::Count::optional:
      return "[" + positional.name + "]";
    case Positional::Count::at_least_one:
      return positional.name + "...";
    case Positional::Count::any:
      break;
  }
  return "[" + positional.name + "...]";
}

Rows global_rows() {
  Rows rows;
  for (const auto& option : global_options()) rows.emplace_back(shown(option), option.help);
  rows.insert(rows.end() - 1, {"-h, --help", "this help"});
  return rows;
}

std::string also(const Noun& noun) {
  if (noun.aliases.empty()) return {};
  std::string out = "Also written: ";
  for (const auto& alias : noun.aliases) out += (&alias == &noun.aliases.front() ? "" : ", ") + alias;
  return out + "\n";
}

}  // namespace

std::string shown(const Option& option) {
  auto names = option.name;
  if (const auto comma = names.find(','); comma != std::string::npos) names.insert(comma + 1, " ");
  if (option.repeats) return names + " " + option.value + "...";
  return option.is_switch() ? names + option.value : names + " " + option.value;
}

std::string usage(const Noun& noun, const Verb& verb) {
  auto line = "tcpctl " + noun.name;
  if (!verb.name.empty()) line += " " + verb.name;
  for (const auto& positional : verb.positionals) line += " " + shown(positional);
  return line;
}

const std::vector<Option>& global_options() {
  static const std::vector<Option> options{
      {"--host", "HOST", "unix:PATH or http://HOST:PORT; else $TCPCTL_HOST, else unix:/run/tcpctl/api.sock"},
      {"--token-file", "FILE", "over http: show the token in FILE's first line; else $TCPCTL_TOKEN"},
      {"-o,--output", "FORMAT", "table, wide (every column in full), json (the API's answer) or csv"},
      {"--no-color", "", "no colours; NO_COLOR in the environment says the same"},
      {"--utc", "", "times in UTC instead of the local zone"},
      {"--version", "", "the versions of tcpctl and of the daemon"}};
  return options;
}

std::string help_text(const std::vector<Noun>& nouns) {
  Rows commands{{"(none)", "what runs, its state and traffic, and what is wrong with it"}};
  for (const auto& noun : nouns) {
    std::string verbs;
    for (const auto& verb : noun.verbs) {
      if (!verb.name.empty()) verbs += (verbs.empty() ? "" : "|") + verb.name;
    }
    commands.emplace_back(noun.name, noun.help + (verbs.empty() ? "" : " (" + verbs + ")"));
  }
  return "tcpctl - asks and steers tcpctld, the daemon that runs TCP servers and clients\n\n"
         "Usage: tcpctl [OPTIONS] [COMMAND [VERB]]\n" +
         section("Commands", commands) + section("Options of every command", global_rows()) +
         section("Exit status", {{"0", "done"},
                                 {"1", "refused or failed"},
                                 {"2", "wrong command line"},
                                 {"3", "the daemon cannot be reached"},
                                 {"4", "not found"},
                                 {"5", "not allowed"}}) +
         "\nExample: tcpctl conn --listener web --older-than 5m\n"
         "'tcpctl COMMAND --help' tells more.\n";
}

std::string help_text(const Noun& noun) {
  if (noun.is_verb()) return help_text(noun, noun.verbs.front());
  Rows verbs;
  for (const auto& verb : noun.verbs) {
    auto words = verb.name;
    for (const auto& positional : verb.positionals) words += " " + shown(positional);
    verbs.emplace_back(words, verb.help);
  }
  Rows options;
  for (const auto& option : noun.verbs.front().options) options.emplace_back(shown(option), option.help);
  const auto& first = noun.verbs.front().name;
  return "tcpctl " + noun.name + " - " + noun.help + "\n" + also(noun) + "\nUsage: tcpctl " + noun.name +
         " [VERB] [OPTIONS]    without a verb: " + first + "\n" + section("Verbs", verbs) +
         section("Options of " + first, options) + section("Options of every command", global_rows()) +
         "\nExample: " + noun.verbs.front().example + "\n";
}

std::string help_text(const Noun& noun, const Verb& verb) {
  Rows words;
  for (const auto& positional : verb.positionals) words.emplace_back(positional.name, positional.help);
  Rows options;
  for (const auto& option : verb.options) options.emplace_back(shown(option), option.help);
  return usage(noun, verb) + " - " + verb.help + "\n\nUsage: " + usage(noun, verb) + " [OPTIONS]\n" +
         section("Words", words) + section("Options", options) +
         section("Options of every command", global_rows()) + "\nExample: " + verb.example + "\n";
}

}  // namespace tcpctl::ctl
