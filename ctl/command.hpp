// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/context.hpp"
#include "ctl/exit.hpp"

/// What a command is, as plain values: the parser, the help and the completion are made from these.
namespace tcpctl::ctl {

/// A word of the command line that stands for itself: NAME, ID...
struct Positional {
  enum class Count { one, optional, at_least_one, any };
  std::string name;
  std::string help;
  Count count{Count::one};
};

/// An option of one verb.
struct Option {
  std::string name;   // "--older-than", or with a short form "-f,--file"
  std::string value;  // "DURATION"; empty for a switch; "[=DURATION]" for a switch that may have one
  std::string help;
  bool repeats{false};                    // each time counts; else the last one does
  [[nodiscard]] std::string key() const;  // "--older-than"
  [[nodiscard]] bool is_switch() const { return value.empty() || value.starts_with('['); }
};

/// What Arguments hold of a switch that was given without a value.
inline constexpr std::string_view kSwitchedOn = "true";

/// What the user wrote, by the names of Positional and Option.
class Arguments {
 public:
  void set(const std::string& name, std::vector<std::string> values) { values_[name] = std::move(values); }
  [[nodiscard]] bool has(const std::string& name) const { return values_.contains(name); }
  /// The value of `name`; of an option that is given twice, the last.
  [[nodiscard]] std::optional<std::string> get(const std::string& name) const {
    const auto found = values_.find(name);
    if (found == values_.end() || found->second.empty()) return std::nullopt;
    return found->second.back();
  }
  /// A Positional that must be there: the parser has seen to it.
  [[nodiscard]] std::string word(const std::string& name) const { return get(name).value_or(""); }
  [[nodiscard]] std::vector<std::string> all(const std::string& name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? std::vector<std::string>{} : found->second;
  }

 private:
  std::map<std::string, std::vector<std::string>> values_;
};

struct Verb {
  std::string name;  // empty where the noun is the whole command: `tcpctl status`
  std::string help;
  std::string example;
  std::vector<Positional> positionals;
  std::vector<Option> options;
  Exit (*run)(Context& context, const Arguments& arguments);
  /// Of a noun's first verb, whose words may stand at the noun itself: what the first of them may be.
  std::vector<std::string> keywords{};
};

struct Noun {
  std::string name;
  std::vector<std::string> aliases;
  std::string help;
  std::vector<Verb> verbs;  // the first one is what the noun does without a verb
  [[nodiscard]] bool is_verb() const { return verbs.size() == 1 && verbs.front().name.empty(); }
};

inline std::string Option::key() const {
  const auto comma = name.find(',');
  return comma == std::string::npos ? name : name.substr(comma + 1);
}

}  // namespace tcpctl::ctl
