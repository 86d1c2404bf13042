// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Text from the daemon or from peers, made fit for a terminal.
namespace tcpctl::ctl {

/// `text` without anything that steers a terminal: control characters (C0, C1, DEL), bytes that are no UTF-8
/// and characters that turn the direction of writing or are invisible become \n, \t, \r, \xHH or \u{HHHH}.
[[nodiscard]] std::string safe(std::string_view text);

/// The same for whole texts such as the metrics: line feeds and tabs stay.
[[nodiscard]] std::string safe_lines(std::string_view text);

/// JSON text with the same characters as JSON escapes (\u009b): still JSON, still the same value.
[[nodiscard]] std::string safe_json(std::string_view text);

/// TOML text whose strings are all of the form "..." with the same characters as escapes (\u009B): still
/// TOML, still the same value.
[[nodiscard]] std::string safe_toml(std::string_view text);

/// Columns that `text` takes on a terminal: 0 for combining marks, 2 for wide East Asian ones and emoji.
[[nodiscard]] std::size_t display_width(std::string_view text);

/// `text`, or as much of it as fits into `width` columns with an ellipsis at its end.
[[nodiscard]] std::string shorten(std::string_view text, std::size_t width);

}  // namespace tcpctl::ctl
