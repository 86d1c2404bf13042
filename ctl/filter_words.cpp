// SPDX-License-Identifier: Apache-2.0
#include "ctl/filter_words.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl {
namespace {

constexpr std::string_view kSignCharacters = "<>=!";

/// The words that ss takes for signs.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kSignWords{{{"eq", "="},
                                                                                   {"ne", "!="},
                                                                                   {"neq", "!="},
                                                                                   {"gt", ">"},
                                                                                   {"ge", ">="},
                                                                                   {"geq", ">="},
                                                                                   {"lt", "<"},
                                                                                   {"le", "<="}}};

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

/// "=" "gt" ... as a sign; nothing for any other word.
std::optional<std::string> sign_of(std::string_view word) {
  if (is_one_of(word, {"=", "==", "!=", "<", "<=", ">", ">="})) return std::string{word};
  for (const auto& [written, sign] : kSignWords) {
    if (word == written) return std::string{sign};
  }
  return std::nullopt;
}

tl::unexpected<Failure> wrong(const std::string& why) { return refuse(Exit::usage, why); }

class Words {
 public:
  explicit Words(const std::vector<std::string>& words) : words_{words} {}

  Answer<FilterValues> parse() {
    while (at_ < words_.size()) {
      if (auto taken = take(words_[at_++]); !taken) return tl::make_unexpected(taken.error());
    }
    return std::move(values_);
  }

 private:
  Answer<void> take(const std::string& word) {
    if (is_one_of(word, {"and", "&&"})) return {};
    if (is_one_of(word, {"or", "||", "not", "!", "(", ")"}))
      return wrong(fmt::format("'{}' is not possible here: all that is named must hold", word));
    if (is_one_of(word, {"inbound", "outbound"})) return set("direction", word);
    if (is_one_of(word, {"src", "dst"})) return take_address(word);
    if (is_one_of(word, {"sport", "dport"})) return take_port(word);
    const auto sign = word.find_first_of(kSignCharacters);
    if (sign != std::string::npos && sign > 0) return take_joined(word, sign);
    if (std::ranges::find(filter_keywords(), word) != filter_keywords().end()) return take_keyword(word);
    if (at_ < words_.size() && (sign_of(words_[at_]) || is_sign_and_value(words_[at_])))
      return take_apart(word);
    const auto meant = nearest(word, filter_keywords());
    return wrong(fmt::format("'{}' is no filter; {}", safe(word),
                             meant ? fmt::format("did you mean '{}'?", *meant)
                                   : std::string{"write state, listener, src, dst ... or 'rtt>50ms'"}));
  }

  static bool is_sign_and_value(std::string_view word) {
    return !word.empty() && kSignCharacters.find(word.front()) != std::string_view::npos;
  }

  /// The value behind `word`; an equals sign between them is as good as none.
  Answer<std::string> next(const std::string& word) {
    if (at_ < words_.size() && is_one_of(words_[at_], {"=", "==", "eq"})) ++at_;
    if (at_ == words_.size() || words_[at_].empty())
      return wrong(fmt::format("'{}' needs a value behind it", safe(word)));
    return words_[at_++];
  }

  Answer<void> set(std::string name, const std::string& value) {
    std::ranges::replace(name, '-', '_');
    if (values_.emplace(name, value).second) return {};
    return wrong(fmt::format("'{}' is there twice, and one connection cannot be both", safe(name)));
  }

  Answer<void> compare(const std::string& comparison) {
    auto& where = values_["where"];
    where += (where.empty() ? "" : ",") + comparison;
    return {};
  }

  Answer<void> take_keyword(const std::string& word) {
    const auto value = next(word);
    if (!value) return tl::make_unexpected(value.error());
    return set(word, *value);
  }

  /// "state=ESTABLISHED" or "rtt>50ms"
  Answer<void> take_joined(const std::string& word, std::size_t sign) {
    const auto name = word.substr(0, sign);
    if (is_one_of(name, {"sport", "dport"})) {
      const auto value = word.find_first_not_of(kSignCharacters, sign);
      if (value == std::string::npos) return take_apart(port_name(name) + word.substr(sign));
      return compare_port(name, word.substr(sign, value - sign), word.substr(value));
    }
    const bool is_keyword = std::ranges::find(filter_keywords(), name) != filter_keywords().end();
    if (!is_keyword && sign + 1 < word.size()) return compare(word);
    if (!is_keyword) return take_apart(word);
    const auto value = word.find_first_not_of('=', sign);
    if (value == std::string::npos || word[sign] != '=' || word.find_first_of("<>!") != std::string::npos)
      return wrong(fmt::format("'{}': write '{} VALUE'", safe(word), safe(name)));
    words_.insert(words_.begin() + static_cast<std::ptrdiff_t>(at_), word.substr(value));
    return take(name);
  }

  /// `rtt > 50ms`, `rtt >50ms`, `rtt> 50ms`
  Answer<void> take_apart(const std::string& word) {
    std::string text = word;
    if (at_ < words_.size() && text.find_first_of(kSignCharacters) == std::string::npos) {
      const auto sign = sign_of(words_[at_]);
      text += sign ? *sign : words_[at_];
      ++at_;
    }
    if (kSignCharacters.find(text.back()) != std::string_view::npos) {
      if (at_ == words_.size()) return wrong(fmt::format("'{}' needs a value behind it", safe(text)));
      text += words_[at_++];
    }
    return compare(text);
  }

  /// ADDRESS, NETWORK, ADDRESS:PORT, [ADDRESS]:PORT or :PORT
  Answer<void> take_address(const std::string& word) {
    const auto value = next(word);
    if (!value) return tl::make_unexpected(value.error());
    auto [host, port] = split(*value);
    if (!port.empty()) {
      if (auto taken = compare_port(word, "=", port); !taken) return taken;
    }
    if (host.empty() || host == "*") return {};
    return set(word == "src" ? "local" : "peer", host);
  }

  static std::pair<std::string, std::string> split(const std::string& text) {
    if (text.starts_with('[')) {
      const auto close = text.find(']');
      if (close == std::string::npos) return {text, ""};
      const auto rest = text.substr(close + 1);
      // "[2001:db8::]/32" as well
      if (rest.starts_with('/')) return {text.substr(1, close - 1) + rest, ""};
      return {text.substr(1, close - 1), rest.starts_with(':') ? rest.substr(1) : ""};
    }
    const auto colon = text.find(':');
    if (colon == std::string::npos || text.find(':', colon + 1) != std::string::npos) return {text, ""};
    return {text.substr(0, colon), text.substr(colon + 1)};
  }

  /// `sport = :80`, `sport 80`, `dport gt :1024`
  Answer<void> take_port(const std::string& word) {
    std::string sign = "=";
    if (at_ < words_.size()) {
      if (const auto written = sign_of(words_[at_])) {
        sign = *written;
        ++at_;
      }
    }
    const auto value = next(word);
    if (!value) return tl::make_unexpected(value.error());
    return compare_port(word, sign, *value);
  }

  static std::string port_name(std::string_view word) {
    return word == "sport" || word == "src" ? "local_port" : "peer_port";
  }

  Answer<void> compare_port(const std::string& word, const std::string& sign, const std::string& port) {
    return compare(port_name(word) + sign + port.substr(port.starts_with(':') ? 1 : 0));
  }

  std::vector<std::string> words_;
  std::size_t at_{0};
  FilterValues values_;
};

}  // namespace

const std::vector<std::string>& filter_keywords() {
  static const std::vector<std::string> words{
      "state",     "listener", "client", "service", "direction", "inbound",    "outbound",   "peer",
      "local",     "src",      "dst",    "sport",   "dport",     "older-than", "older_than", "min-bytes",
      "min_bytes", "reason",   "first",  "how",     "since",     "until",      "and"};
  return words;
}

Answer<FilterValues> parse_filter_words(const std::vector<std::string>& words) {
  return Words{words}.parse();
}

}  // namespace tcpctl::ctl
