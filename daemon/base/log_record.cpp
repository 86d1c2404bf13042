// SPDX-License-Identifier: Apache-2.0
#include "base/log_record.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>

namespace tcpctl::log {
namespace {

constexpr std::size_t kValueLimit = 2048;
constexpr std::string_view kCut = "...";

/// Names that the line itself uses: a field of that name is renamed, so that no reader takes one for the
/// other.
constexpr std::array<std::string_view, 6> kTaken{"time",    "level",    "event",
                                                 "message", "priority", "syslog_identifier"};

std::string field_key(std::string_view key) {
  const bool taken = std::find(kTaken.begin(), kTaken.end(), key) != kTaken.end();
  return taken ? "field_" + std::string{key} : std::string{key};
}

void put(std::string& out, std::string_view text) {
  const auto size = static_cast<std::uint32_t>(text.size());
  char bytes[sizeof size];
  std::memcpy(bytes, &size, sizeof size);
  out.append(bytes, sizeof size).append(text);
}

std::string_view take(std::string_view& in) {
  std::uint32_t size = 0;
  std::memcpy(&size, in.data(), sizeof size);
  const auto text = in.substr(sizeof size, size);
  in.remove_prefix(sizeof size + size);
  return text;
}

bool is_plain(char c) { return c > ' ' && c < 0x7f && c != '"' && c != '\\' && c != '='; }

void append_quoted(std::string& out, std::string_view value) {
  out += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c >= ' ' && c < 0x7f) {
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  out += '"';
}

void append_text(std::string& out, std::string_view key, std::string_view value) {
  out.append(key) += '=';
  if (!value.empty() && std::all_of(value.begin(), value.end(), is_plain)) {
    out.append(value);
  } else {
    append_quoted(out, value);
  }
}

std::string text_fields(const Record& record) {
  std::string out;
  append_text(out, "event", record.event);
  for (const auto& field : record.fields) {
    if (!field.is_known()) continue;
    out += ' ';
    append_text(out, field_key(field.key), field.value);
  }
  return out;
}

/// The controls of ASCII and those of C1 (U+0080 to U+009F), which a terminal may take as it takes ESC [.
std::optional<unsigned> control_at(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (at(0) < 0x20 || at(0) == 0x7f) return at(0);
  if (at(0) == 0xc2 && text.size() > 1 && at(1) >= 0x80 && at(1) < 0xa0) return at(1);
  return std::nullopt;
}

/// The length of the UTF-8 sequence at the head of `text`, 0 if there is none (RFC 3629: no overlong forms,
/// no surrogates, nothing above U+10FFFF).
std::size_t utf8_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = at(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
  }
  const unsigned char second = at(1);
  const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool surrogate = first == 0xed && second > 0x9f;
  const bool beyond = first == 0xf4 && second > 0x8f;
  return overlong || surrogate || beyond ? 0 : length;
}

void append_json_string(std::string& out, std::string_view value) {
  out += '"';
  while (!value.empty()) {
    const std::size_t length = utf8_length(value);
    const char c = value.front();
    if (length == 0) {
      out += "\xef\xbf\xbd";
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (const auto control = control_at(value)) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", *control);
    } else {
      out.append(value.substr(0, length));
    }
    value.remove_prefix(std::max<std::size_t>(length, 1));
  }
  out += '"';
}

/// What JSON takes without quotes: a truth value, or a number as fmt writes it ("nan" and "inf" are none).
bool is_json_literal(std::string_view value) {
  if (value == "true" || value == "false") return true;
  return !value.empty() && value.find_first_not_of("0123456789+-.e") == std::string_view::npos;
}

void append_json(std::string& out, std::string_view key, const FieldView& field) {
  append_json_string(out, key);
  out += ':';
  if (!field.is_known()) {
    out += "null";
  } else if (field.bare && is_json_literal(field.value)) {
    out.append(field.value);
  } else {
    append_json_string(out, field.value);
  }
}

std::string json_object(const Record& record) {
  std::string out{"{"};
  append_json(out, "time", {{}, rfc3339(record.time)});
  out += ',';
  append_json(out, "level", {{}, level_name(record.level)});
  out += ',';
  append_json(out, "event", {{}, record.event});
  for (const auto& field : record.fields) {
    out += ',';
    append_json(out, field_key(field.key), field);
  }
  return out += '}';
}

std::string journal_name(std::string_view prefix, std::string_view key) {
  std::string name{prefix};
  for (const char c : (prefix.empty() ? field_key(key) : std::string{key}).substr(0, 64 - prefix.size())) {
    const bool lower = c >= 'a' && c <= 'z';
    const bool kept = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    name += lower ? static_cast<char>(c - 'a' + 'A') : kept ? c : '_';
  }
  return name;
}

std::string prefix(Level level) { return fmt::format("<{}>", priority(level)); }

}  // namespace

int priority(Level level) {
  switch (level) {
    case Level::trace:
    case Level::debug:
      return 7;
    case Level::info:
      return 6;
    case Level::warn:
      return 4;
    case Level::error:
      return 3;
  }
  return 6;
}

std::string cut(std::string value) {
  if (value.size() <= kValueLimit) return value;
  value.resize(kValueLimit - kCut.size());
  return value.append(kCut);
}

std::string pack(std::string_view event, std::initializer_list<Field> fields) {
  std::string out;
  put(out, event);
  for (const auto& field : fields) {
    out += field.bare ? '1' : '0';
    put(out, field.key);
    put(out, field.value.size() <= kValueLimit ? field.value : cut(field.value));
  }
  return out;
}

Record unpack(Level level, WallTime time, std::string_view packed) {
  Record record{level, time, take(packed), {}};
  while (!packed.empty()) {
    const bool bare = packed.front() == '1';
    packed.remove_prefix(1);
    const auto key = take(packed);
    record.fields.push_back({key, take(packed), bare});
  }
  return record;
}

std::string text_line(const Record& record, Head head) {
  const auto fields = text_fields(record);
  if (head == Head::prefixed) return prefix(record.level) + fields + '\n';
  return fmt::format("time={} level={} {}\n", rfc3339(record.time), level_name(record.level), fields);
}

std::string json_line(const Record& record, Head head) {
  return (head == Head::prefixed ? prefix(record.level) : std::string{}) + json_object(record) + '\n';
}

std::vector<std::string> journal_fields(const Record& record, Format format, std::string_view prefix) {
  std::vector<std::string> out;
  out.reserve(record.fields.size() + 4);
  out.push_back("MESSAGE=" + (format == Format::json ? json_object(record) : text_fields(record)));
  out.push_back(fmt::format("PRIORITY={}", priority(record.level)));
  out.emplace_back("SYSLOG_IDENTIFIER=tcpctld");
  out.push_back("EVENT=" + std::string{record.event});
  for (const auto& field : record.fields) {
    if (field.is_known()) out.push_back(journal_name(prefix, field.key) + '=' + std::string{field.value});
  }
  return out;
}

}  // namespace tcpctl::log
