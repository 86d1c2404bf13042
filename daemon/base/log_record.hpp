// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"

/// Inner part of base/log: one line as a value, on its way from the caller to the target.
namespace tcpctl::log {

/// A bare value that is empty is not known: null in JSON, and left out elsewhere.
struct FieldView {
  std::string_view key;
  std::string_view value;
  bool bare{false};
  [[nodiscard]] bool is_known() const { return !bare || !value.empty(); }
};

/// One line. The views point into the packed text it was unpacked from.
struct Record {
  Level level{Level::info};
  WallTime time;
  std::string_view event;
  std::vector<FieldView> fields;
};

/// Event and fields as one string, so that the caller pays for copying and the log's thread for formatting.
/// A value beyond 2 KiB is cut and ends in "...".
[[nodiscard]] std::string pack(std::string_view event, std::initializer_list<Field> fields);
/// The inverse; `packed` must come from `pack` and outlive the answer.
[[nodiscard]] Record unpack(Level level, WallTime time, std::string_view packed);

/// A value as `pack` takes it.
[[nodiscard]] std::string cut(std::string value);

/// How a line looks on a stream. `timed` for people and files; `prefixed` where a service manager reads the
/// stream: it takes "<6>" as the priority and knows the time itself.
enum class Head { timed, prefixed };

/// `time=… level=info event=listener.up listener=web`, with its LF. Values are printable ASCII; quoted where
/// they are empty or hold a blank, a quote, a backslash, '=' or anything that had to be escaped.
[[nodiscard]] std::string text_line(const Record& record, Head head);
/// One JSON object and its LF. Bytes that are no UTF-8 become U+FFFD.
[[nodiscard]] std::string json_line(const Record& record, Head head);
/// `MESSAGE=`, `PRIORITY=`, `SYSLOG_IDENTIFIER=`, `EVENT=` and one `NAME=value` a field, the name after
/// `prefix`, as systemd.journal-fields(7) wants them. The message is the JSON object where `format` says so.
[[nodiscard]] std::vector<std::string> journal_fields(const Record& record, Format format,
                                                      std::string_view prefix = {});

/// The priority of syslog(3).
[[nodiscard]] int priority(Level level);

}  // namespace tcpctl::log
