// SPDX-License-Identifier: Apache-2.0
// The only file that includes CLI11, which costs seconds to compile: it turns nouns and verbs into CLI11's,
// and what CLI11 found back into plain values.
#include "ctl/cli.hpp"

#include <algorithm>

#include <CLI/CLI.hpp>

#include "base/text.hpp"
#include "ctl/help.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl {
namespace {

/// One verb in CLI11's form. A noun without a verb runs its first one, so that one stands twice.
struct Bound {
  const Noun* noun;
  const Verb* verb;
  CLI::App* app;
  bool by_noun;  // the noun's own form of its first verb
  std::vector<std::pair<std::string, CLI::Option*>> options{};
};

struct GlobalOptions {
  CLI::Option *host, *token_file, *format, *no_color, *utc, *version;
};

std::string see_help(const Noun* noun, const Verb* verb) {
  std::string command = "tcpctl ";
  if (noun != nullptr) command += noun->name + " ";
  if (verb != nullptr && !verb->name.empty()) command += verb->name + " ";
  return "; see '" + command + "--help'";
}

std::pair<int, int> bounds(Positional::Count count) {
  constexpr int kMany = 1 << 20;
  switch (count) {
    case Positional::Count::one:
      return {1, 1};
    case Positional::Count::optional:
      return {0, 1};
    case Positional::Count::at_least_one:
      return {1, kMany};
    case Positional::Count::any:
      break;
  }
  return {0, kMany};
}

void bind_options(Bound& bound) {
  for (const auto& option : bound.verb->options) {
    auto* made = option.is_switch() ? bound.app->add_flag(option.name)
                                    : bound.app->add_option(option.name, CLI::callback_t{});
    if (option.repeats) made->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    bound.options.emplace_back(option.key(), made);
  }
}

void bind_positionals(Bound& bound) {
  for (const auto& positional : bound.verb->positionals) {
    auto name = positional.name;
    std::replace(name.begin(), name.end(), '=', '_');  // KEY=VALUE: no name to CLI11
    auto* made = bound.app->add_option(name, CLI::callback_t{});
    const auto [least, most] = bounds(positional.count);
    if (least > 0) made->required();
    if (most == 1) {
      made->expected(1);
    } else {
      made->expected(std::max(least, 1), most)->allow_extra_args();
    }
    bound.options.emplace_back(positional.name, made);
  }
}

std::vector<Bound> bind(CLI::App& root, const std::vector<Noun>& nouns) {
  std::vector<Bound> all;
  for (const auto& noun : nouns) {
    auto* app = root.add_subcommand(noun.name);
    for (const auto& alias : noun.aliases) app->alias(alias);
    app->fallthrough()->allow_extras();
    app->require_subcommand(0, 1);
    all.push_back({&noun, &noun.verbs.front(), app, true});
    bind_options(all.back());
    if (noun.is_verb()) {
      bind_positionals(all.back());
      continue;
    }
    for (const auto& verb : noun.verbs) {
      auto* child = app->add_subcommand(verb.name);
      child->fallthrough()->allow_extras();
      all.push_back({&noun, &verb, child, false});
      bind_options(all.back());
      bind_positionals(all.back());
    }
  }
  return all;
}

GlobalOptions bind_globals(CLI::App& root) {
  // Root alone has these; subcommands fall through to it, so they may stand anywhere.
  return {root.add_option("--host", CLI::callback_t{}),
          root.add_option("--token-file", CLI::callback_t{}),
          root.add_option("-o,--output", CLI::callback_t{}),
          root.add_flag("--no-color"),
          root.add_flag("--utc"),
          root.add_flag("--version")};
}

const Bound* parsed(const std::vector<Bound>& all) {
  const Bound* deepest = nullptr;
  for (const auto& bound : all) {
    if (!bound.app->parsed()) continue;
    if (deepest == nullptr || !bound.by_noun) deepest = &bound;
  }
  return deepest;
}

/// The form of the noun that stands before `chosen` on the command line, if that is another one.
const Bound* before(const Bound& chosen, const std::vector<Bound>& all) {
  for (const auto& bound : all) {
    if (bound.noun == chosen.noun && bound.by_noun && &bound != &chosen) return &bound;
  }
  return nullptr;
}

std::vector<std::string> option_words(const Verb* verb) {
  std::vector<std::string> words{"--help"};
  for (const auto& option : global_options()) words.push_back(option.key());
  if (verb == nullptr) return words;
  for (const auto& option : verb->options) words.push_back(option.key());
  return words;
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates) {
  const auto guess = nearest(word, candidates);
  return guess ? "; did you mean '" + *guess + "'?" : "";
}

tl::unexpected<Failure> unknown_option(const std::string& word, const Noun* noun, const Verb* verb) {
  const auto name = word.substr(0, word.find('='));
  const auto guess = did_you_mean(name, option_words(verb));
  return refuse(Exit::usage,
                "unknown option '" + safe(name) + "'" + (guess.empty() ? see_help(noun, verb) : guess));
}

tl::unexpected<Failure> unknown_noun(const std::string& word, const std::vector<Noun>& nouns) {
  std::vector<std::string> names;
  for (const auto& noun : nouns) {
    names.push_back(noun.name);
    names.insert(names.end(), noun.aliases.begin(), noun.aliases.end());
  }
  const auto guess = did_you_mean(word, names);
  return refuse(Exit::usage, "unknown command '" + safe(word) + "'" +
                                 (guess.empty() ? see_help(nullptr, nullptr) : guess));
}

tl::unexpected<Failure> unknown_verb(const std::string& word, const Noun& noun) {
  std::vector<std::string> names;
  names.reserve(noun.verbs.size());
  for (const auto& verb : noun.verbs) names.push_back(verb.name);
  const auto& keywords = noun.verbs.front().keywords;
  names.insert(names.end(), keywords.begin(), keywords.end());
  auto advice = did_you_mean(word, names);
  const bool has_show = std::find(names.begin(), names.end(), "show") != names.end();
  if (advice.empty() && has_show && noun.name != "config") {
    advice = "; to see one, write 'tcpctl " + noun.name + " show " + safe(word) + "'";
  }
  return refuse(Exit::usage, "'" + noun.name + "' cannot '" + safe(word) + "'" +
                                 (advice.empty() ? see_help(&noun, nullptr) : advice));
}

/// The words that nobody took. CLI11 counts the "--" itself, which ends the options, among them.
std::vector<std::string> left_over(const CLI::App& root) {
  auto words = root.remaining(true);
  std::erase(words, "--");
  return words;
}

/// Are these words of the noun's first verb, which may stand without it: `tcpctl conn state ESTABLISHED`?
bool are_words_of_first(const std::vector<std::string>& words, const Bound& bound) {
  if (!bound.by_noun || bound.verb->keywords.empty()) return false;
  const auto is_option = [](const std::string& word) { return word.size() > 1 && word.front() == '-'; };
  if (std::any_of(words.begin(), words.end(), is_option)) return false;
  constexpr const char* kSigns = "<>=!";
  const auto& first = words.front();
  const auto& keywords = bound.verb->keywords;
  return std::find(keywords.begin(), keywords.end(), first) != keywords.end() ||
         first.find_first_of(kSigns) != std::string::npos ||
         (words.size() > 1 && words[1].find_first_of(kSigns) == 0);
}

/// The first word that nobody took, as a mistake.
tl::unexpected<Failure> unexpected_word(const std::string& word, const Bound* bound,
                                        const std::vector<Noun>& nouns) {
  const auto* noun = bound == nullptr ? nullptr : bound->noun;
  const auto* verb = bound == nullptr ? nullptr : bound->verb;
  const auto known = option_words(verb);
  const bool after_dashes = std::find(known.begin(), known.end(), word) != known.end();
  if (word.size() > 1 && word.front() == '-' && !after_dashes) return unknown_option(word, noun, verb);
  if (noun == nullptr) return unknown_noun(word, nouns);
  if (bound->by_noun && !noun->is_verb()) return unknown_verb(word, *noun);
  return refuse(Exit::usage, "'" + safe(word) + "' is one word too many" + see_help(noun, verb));
}

/// CLI11's words for what is missing, in ours: "--host: 1 required  missing", "NAME is required".
tl::unexpected<Failure> mistake(const CLI::ParseError& error, const Bound* bound) {
  std::string what = error.what();
  constexpr std::string_view kRequired = " is required";
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    what = what.substr(0, what.find(':')) + " needs a value";
  } else if (what.ends_with(kRequired)) {
    what = what.substr(0, what.size() - kRequired.size()) + " is missing";
  }
  const auto* noun = bound == nullptr ? nullptr : bound->noun;
  const auto* verb = bound == nullptr ? nullptr : bound->verb;
  return refuse(Exit::usage, safe(what) + see_help(noun, verb));
}

void take(const Bound& bound, Arguments& arguments) {
  for (const auto& [name, option] : bound.options) {
    if (option->count() > 0) arguments.set(name, option->results());
  }
}

/// An option that stands before the verb, or fell through to the noun, belongs to the noun's first verb.
/// Another verb must know it too: silently ignored filters would be dangerous with `kill`.
Answer<void> take_noun_options(const Bound& noun_form, const Bound& chosen, Arguments& arguments) {
  for (const auto& [name, option] : noun_form.options) {
    if (option->count() == 0) continue;
    const auto known = std::find_if(chosen.options.begin(), chosen.options.end(),
                                    [&wanted = name](const auto& each) { return each.first == wanted; });
    if (known == chosen.options.end()) return unknown_option(name, chosen.noun, chosen.verb);
    arguments.set(name, option->results());
  }
  return {};
}

Answer<CommandLine> understood(const Bound* bound, const std::vector<Bound>& all,
                               const GlobalOptions& globals, CommandLine line) {
  const auto value = [](const CLI::Option* option) {
    return option->count() > 0 ? std::optional{option->results().back()} : std::nullopt;
  };
  line.host = value(globals.host);
  line.token_file = value(globals.token_file);
  line.format = value(globals.format);
  line.no_color = globals.no_color->count() > 0;
  line.utc = globals.utc->count() > 0;
  line.version = globals.version->count() > 0;
  if (bound == nullptr) return line;
  line.noun = bound->noun;
  line.verb = bound->by_noun && line.help ? nullptr : bound->verb;
  if (line.help) return line;
  if (const auto* noun_form = before(*bound, all); noun_form != nullptr) {
    if (auto taken = take_noun_options(*noun_form, *bound, line.arguments); !taken) {
      return tl::make_unexpected(taken.error());
    }
  }
  take(*bound, line.arguments);
  return line;
}

/// "--watch 5" is "--watch=5": no list takes a bare number for a word.
std::vector<std::string> with_joined_watch(const std::vector<std::string>& arguments) {
  std::vector<std::string> joined;
  for (const auto& word : arguments) {
    const bool is_number = !word.empty() && word.find_first_not_of("0123456789.") == std::string::npos;
    if (is_number && !joined.empty() && joined.back() == "--watch") {
      joined.back() += "=" + word;
    } else {
      joined.push_back(word);
    }
  }
  return joined;
}

/// The first verb's positionals cannot stand at the noun, so a noun that needs some is not complete alone.
Answer<void> check_complete(const Bound& bound) {
  if (!bound.by_noun || bound.noun->is_verb()) return {};
  for (const auto& positional : bound.verb->positionals) {
    if (bounds(positional.count).first == 0) continue;
    return refuse(Exit::usage, "'tcpctl " + bound.noun->name + "' needs more words; write 'tcpctl " +
                                   bound.noun->name + " " + bound.verb->name + " " + positional.name + "'");
  }
  return {};
}

}  // namespace

Answer<CommandLine> parse_command_line(const std::vector<std::string>& arguments,
                                       const std::vector<Noun>& nouns) {
  CLI::App root{"", "tcpctl"};
  root.allow_extras();
  root.require_subcommand(0, 1);  // once a noun is found, later words are never taken for another
  root.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  const auto globals = bind_globals(root);
  const auto all = bind(root, nouns);
  CommandLine line;
  try {
    auto words = with_joined_watch(arguments);
    std::reverse(words.begin(), words.end());  // CLI11 takes them from the back
    root.parse(std::move(words));
  } catch (const CLI::CallForHelp&) {
    line.help = true;
  } catch (const CLI::ParseError& error) {
    return mistake(error, parsed(all));
  }
  const auto* bound = parsed(all);
  if (!line.help) {
    if (auto left = left_over(root); !left.empty()) {
      if (bound == nullptr || !are_words_of_first(left, *bound))
        return unexpected_word(left.front(), bound, nouns);
      line.arguments.set(bound->verb->positionals.front().name, std::move(left));
    }
    if (bound != nullptr) {
      if (auto complete = check_complete(*bound); !complete) return tl::make_unexpected(complete.error());
    }
  }
  return understood(bound, all, globals, std::move(line));
}

}  // namespace tcpctl::ctl
