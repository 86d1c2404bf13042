// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

#include <fmt/format.h>

#include "base/error.hpp"

/// Log lines: a fixed event name, then fields. Asynchronous; the oldest lines give way when the queue is
/// full, and that is counted (`dropped`).
///
///   log::info("listener.up", log::f("listener", "web"), log::f("address", "0.0.0.0:8080"));
///
/// Values are quoted where needed and escaped, so a peer cannot forge a line; beyond 2 KiB they are cut.
/// Threads: any, and no call blocks on the target; `start`, `stop` and `reopen` only on the main thread.
namespace tcpctl::log {

enum class Level { trace, debug, info, warn, error };
enum class Format { text, json };

struct Field {
  std::string_view key;
  std::string value;
  bool bare{false};  // a number or a truth value, which JSON writes without quotes
};

template <class T>
[[nodiscard]] Field f(std::string_view key, const T& value) {
  if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    return {key, std::string{std::string_view{value}}};
  } else {
    return {key, fmt::to_string(value), std::is_arithmetic_v<T> && !std::is_same_v<T, char>};
  }
}

[[nodiscard]] std::string_view level_name(Level level);
[[nodiscard]] Result<Level> parse_level(std::string_view text);

/// `target`: "auto" (journal under systemd, else stderr), "stderr", "journal", "file:PATH".
/// Until the first call, and after `stop`, lines go to stderr at once; the level is warn until then.
/// Errors: invalid_argument for another target; unavailable where there is no journal; io if the file cannot
/// be opened. What was started before keeps running then.
[[nodiscard]] Result<void> start(Level level, const std::string& target, Format format);
void stop();    // writes what is queued
void reopen();  // the file of "file:PATH" anew, after a log rotation
void set_level(Level level);
[[nodiscard]] Level level();
[[nodiscard]] bool enabled(Level level);
/// Lines lost since the program began: pushed out of the full queue, or refused by the target.
[[nodiscard]] std::uint64_t dropped();

void write(Level level, std::string_view event, std::initializer_list<Field> fields);

template <class... Fields>
void debug(std::string_view event, Fields... fields) {
  if (enabled(Level::debug)) write(Level::debug, event, {std::move(fields)...});
}
template <class... Fields>
void info(std::string_view event, Fields... fields) {
  if (enabled(Level::info)) write(Level::info, event, {std::move(fields)...});
}
template <class... Fields>
void warn(std::string_view event, Fields... fields) {
  write(Level::warn, event, {std::move(fields)...});
}
template <class... Fields>
void error(std::string_view event, Fields... fields) {
  write(Level::error, event, {std::move(fields)...});
}

}  // namespace tcpctl::log
