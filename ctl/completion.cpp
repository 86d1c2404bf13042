// SPDX-License-Identifier: Apache-2.0
#include "ctl/completion.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "api/schema.hpp"
#include "ctl/client.hpp"
#include "ctl/help.hpp"
#include "ctl/host.hpp"
#include "ctl/json.hpp"
#include "ctl/terminal.hpp"
#include "ctl/token.hpp"
#include "tcp/state.hpp"

namespace tcpctl::ctl {
namespace {

using Candidates = std::vector<Candidate>;

constexpr std::chrono::milliseconds kPatience{400};
constexpr std::size_t kMostWords = 256;

/// What of a command line is understood, up to the word that is completed.
struct Line {
  const Noun* noun{nullptr};
  const Verb* verb{nullptr};  // that was written
  std::vector<std::string> words{};
  std::map<std::string, std::string> values{};  // of options, by their long names
  std::string waiting{};                        // the option that the completed word is the value of
  bool options_ended{false};

  /// The verb that options and words belong to.
  [[nodiscard]] const Verb* acting() const {
    if (verb != nullptr || noun == nullptr) return verb;
    return &noun->verbs.front();
  }
};

bool is_called(const Noun& noun, const std::string& name) {
  return noun.name == name || std::ranges::find(noun.aliases, name) != noun.aliases.end();
}

bool names(const Option& option, std::string_view word) {
  if (option.key() == word) return true;
  const auto comma = option.name.find(',');
  return comma != std::string::npos && option.name.substr(0, comma) == word;
}

/// The option that `word` names, of all that may stand there.
std::optional<Option> option_of(const Line& line, std::string_view word) {
  for (const auto& option : global_options()) {
    if (names(option, word)) return option;
  }
  if (const auto* const verb = line.acting()) {
    for (const auto& option : verb->options) {
      if (names(option, word)) return option;
    }
  }
  return std::nullopt;
}

void take_option(Line& line, const std::string& word) {
  const auto equals = word.find('=');
  const auto option = option_of(line, word.substr(0, equals));
  if (!option) return;
  if (equals != std::string::npos) {
    line.values[option->key()] = word.substr(equals + 1);
  } else if (option->is_switch()) {
    line.values[option->key()] = "";
  } else {
    line.waiting = option->key();
  }
}

void take_word(Line& line, const std::string& word, const std::vector<Noun>& nouns) {
  if (line.noun == nullptr) {
    const auto found = std::ranges::find_if(nouns, [&](const Noun& noun) { return is_called(noun, word); });
    if (found != nouns.end()) line.noun = &*found;
    return;
  }
  if (line.verb == nullptr && line.words.empty() && !line.noun->is_verb()) {
    const auto found = std::ranges::find(line.noun->verbs, word, &Verb::name);
    if (found != line.noun->verbs.end()) {
      line.verb = &*found;
      return;
    }
  }
  line.words.push_back(word);
}

Line understand(const std::vector<std::string>& words, const std::vector<Noun>& nouns) {
  Line line;
  for (const auto& word : words) {
    if (!line.waiting.empty()) {
      line.values[std::exchange(line.waiting, "")] = word;
    } else if (word == "--") {
      line.options_ended = true;
    } else if (!line.options_ended && word.size() > 1 && word.front() == '-') {
      take_option(line, word);
    } else {
      take_word(line, word, nouns);
    }
  }
  return line;
}

/// Asks the daemon, and takes silence for an empty answer.
class Names {
 public:
  Names(const Line& line, const Environment& environment) {
    const auto host_option = line.values.find("--host");
    auto host = parse_host(host_option != line.values.end()
                               ? host_option->second
                               : environment.variable("TCPCTL_HOST").value_or(std::string{kDefaultHost}));
    if (!host) return;
    std::string token = environment.variable("TCPCTL_TOKEN").value_or("");
    if (const auto file = line.values.find("--token-file"); file != line.values.end()) {
      auto read = read_token(file->second);
      if (!read) return;
      token = *std::move(read);
    }
    if (may_be_token(token)) client_.emplace(*std::move(host), std::move(token));
  }

  [[nodiscard]] Candidates of(const std::string& path,
                              const std::function<Candidate(const Json&)>& shown) const {
    if (!client_) return {};
    Call call;
    call.path = path;
    call.patience = kPatience;
    const auto reply = client_->request(call);
    if (!reply) return {};
    const auto json = Json::parse(reply->body);
    if (!json) return {};
    Candidates found;
    for (const auto& item : json->items("items")) found.push_back(shown(item));
    return found;
  }

 private:
  std::optional<Client> client_;
};

Candidate object(const Json& item) {
  return {item.text("name").value_or(""), item.text("service").value_or(item.text("mode").value_or("")) +
                                              " " + item.text("state").value_or("")};
}

Candidate upstream(const Json& item) {
  return {item.text("name").value_or(""),
          item.text("address").value_or("") + " " + item.text("operational_state").value_or("")};
}

Candidate service(const Json& item) {
  return {item.text("name").value_or(""), item.text("help").value_or("")};
}

Candidate connection(const Json& item) {
  return {item.text("id").value_or(""), item.text("listener").value_or(item.text("client").value_or("")) +
                                            " " + item.text("remote").value_or("") + " " +
                                            item.text("state").value_or("")};
}

Candidates words_of(std::string_view text) {
  Candidates words;
  while (!text.empty()) {
    const auto bar = std::min(text.find('|'), text.size());
    words.push_back({std::string{text.substr(0, bar)}});
    text.remove_prefix(std::min(bar + 1, text.size()));
  }
  return words;
}

void append(Candidates& to, Candidates more) { std::ranges::move(more, std::back_inserter(to)); }

/// What may be a value that the help calls `kind`: NAME, ID, inbound|outbound ...
class Values {
 public:
  Values(const Line& line, const Environment& environment) : line_{line}, names_{line, environment} {}

  [[nodiscard]] Completion of(const std::string& kind, std::string_view option = {}) const {
    if (kind.find("FILE") != std::string::npos) return {{}, true};
    if (option == "--state" || option == "state") return {states()};
    if (option == "--service" || option == "service") return {names_.of("/v1/services", service)};
    if (option == "--client" || option == "client") return {clients()};
    if (option == "--listener" || option == "listener" || kind == "LISTENER") return {listeners()};
    if (kind == "UPSTREAM") return {upstreams()};
    if (kind == "ID") return {connections()};
    if (kind == "TARGET") return {targets()};
    if (kind == "LEVEL") return {words_of("trace|debug|info|warn|error")};
    if (kind == "FORMAT") return {words_of("table|wide|json|csv")};
    if (kind == "ROLE") return {words_of("read|operate|admin")};
    if (kind == "METHOD") return {words_of("GET|PUT|POST|PATCH|DELETE")};
    if (kind == "PATH") return {paths()};
    if (kind == "HOST") return {{{"unix:", "PATH"}, {"http://", "HOST:PORT"}}};
    if (kind == "NAME" && line_.noun != nullptr)
      return {line_.noun->name == "listener" ? listeners()
              : line_.noun->name == "client" ? clients()
                                             : Candidates{}};
    if (kind.find('|') != std::string::npos &&
        std::ranges::none_of(kind, [](char c) { return c >= 'A' && c <= 'Z'; }))
      return {words_of(kind)};
    return parameter(option);
  }

 private:
  [[nodiscard]] Candidates listeners() const { return names_.of("/v1/listeners?limit=1000", object); }
  [[nodiscard]] Candidates clients() const { return names_.of("/v1/clients?limit=1000", object); }
  [[nodiscard]] Candidates connections() const {
    const bool ended = line_.noun != nullptr && line_.noun->name == "history";
    return names_.of(ended ? "/v1/history?limit=200" : "/v1/connections?limit=200", connection);
  }
  [[nodiscard]] Candidates targets() const {
    auto all = listeners();
    append(all, clients());
    append(all, connections());
    return all;
  }
  [[nodiscard]] Candidates upstreams() const {
    if (line_.words.empty()) return {};
    return names_.of("/v1/listeners/" + percent_encoded(line_.words.front()) + "/upstreams", upstream);
  }
  static Candidates states() {
    Candidates all;
    for (const auto state : tcp::kStates) all.push_back({std::string{tcp::text(state)}});
    return all;
  }
  [[nodiscard]] Candidates paths() const {
    Candidates all;
    for (const auto& route : api::kRoutes) {
      if (line_.words.empty() || route.method == line_.words.front())
        all.push_back({std::string{route.path}, std::string{route.summary}});
    }
    return all;
  }
  /// The words that the API takes for a parameter of this name.
  static Completion parameter(std::string_view option) {
    while (option.starts_with('-')) option.remove_prefix(1);
    for (const auto& each : api::kParameters) {
      if (each.name == option) return {words_of(each.values)};
    }
    return {};
  }

  const Line& line_;
  Names names_;
};

Candidates options_for(const Line& line) {
  Candidates all;
  const auto add = [&](const std::vector<Option>& options) {
    for (const auto& option : options) {
      if (option.repeats || !line.values.contains(option.key())) all.push_back({option.key(), option.help});
    }
  };
  if (const auto* const verb = line.acting()) add(verb->options);
  add(global_options());
  return all;
}

Candidates nouns_for(const std::vector<Noun>& nouns) {
  Candidates all;
  for (const auto& noun : nouns) all.push_back({noun.name, noun.help});
  return all;
}

/// The words of a filter: what may begin one, or the value of the one before.
Completion filter_word(const Line& line, const Verb& verb, const Values& values) {
  const auto is_keyword = [&](const std::string& word) {
    return std::ranges::find(verb.keywords, word) != verb.keywords.end();
  };
  if (!line.words.empty()) {
    const auto& last = line.words.back();
    const bool wants_value = is_keyword(last) && last != "inbound" && last != "outbound" && last != "and" &&
                             (line.words.size() < 2 || !is_keyword(line.words[line.words.size() - 2]) ||
                              line.words[line.words.size() - 2] == "and");
    if (wants_value) return values.of("", last);
  }
  Completion found;
  for (const auto& word : verb.keywords) {
    if (word.find('_') == std::string::npos) found.candidates.push_back({word});
  }
  return found;
}

Completion word_for(const Line& line, const std::vector<Noun>& nouns, const Values& values) {
  if (line.noun == nullptr) return {nouns_for(nouns)};
  const auto& verb = *line.acting();
  const bool is_bare = line.verb == nullptr && !line.noun->is_verb();
  Completion found;
  if (is_bare && line.words.empty()) {
    for (const auto& each : line.noun->verbs) found.candidates.push_back({each.name, each.help});
  }
  if (!verb.keywords.empty()) {
    append(found.candidates, filter_word(line, verb, values).candidates);
    return found;
  }
  if (is_bare || verb.positionals.empty()) return found;
  const auto at = std::min(line.words.size(), verb.positionals.size() - 1);
  const auto& positional = verb.positionals[at];
  const bool is_more = line.words.size() > at;
  const bool takes_many =
      positional.count == Positional::Count::any || positional.count == Positional::Count::at_least_one;
  if (is_more && !takes_many) return found;
  return values.of(positional.name, positional.name);
}

bool is_harmless(const std::string& text) {
  return !text.empty() && text.size() <= 256 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view{"-_.:/=,@%+[]{}"}.find(c) != std::string_view::npos;
  });
}

}  // namespace

Completion complete(const std::vector<std::string>& words, const std::vector<Noun>& nouns,
                    const Environment& environment) {
  if (words.empty() || words.size() > kMostWords) return {};
  const auto& current = words.back();
  const auto line = understand({words.begin(), words.end() - 1}, nouns);
  const Values values{line, environment};
  const auto value_of = [&](const Option& option) { return values.of(option.value, option.key()); };
  Completion found;
  if (!line.waiting.empty()) {
    if (const auto option = option_of(line, line.waiting)) found = value_of(*option);
  } else if (!line.options_ended && current.starts_with('-')) {
    const auto equals = current.find('=');
    if (equals == std::string::npos) {
      found = {options_for(line)};
    } else if (const auto option = option_of(line, current.substr(0, equals))) {
      found = value_of(*option);
      for (auto& each : found.candidates) each.text.insert(0, current.substr(0, equals + 1));
    }
  } else {
    found = word_for(line, nouns, values);
  }
  std::erase_if(found.candidates, [&](const Candidate& each) {
    return !is_harmless(each.text) || !each.text.starts_with(current);
  });
  return found;
}

std::string completion_text(const Completion& completion) {
  if (completion.files) return ":files\n";
  std::string text;
  for (const auto& each : completion.candidates) text += each.text + "\t" + safe(each.help) + "\n";
  return text;
}

}  // namespace tcpctl::ctl
