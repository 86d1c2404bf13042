// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "ctl/format.hpp"
#include "ctl/table.hpp"

/// How single members of an answer look to people: for Column::show and for Sheet. A member that is missing
/// or null is "".
namespace tcpctl::ctl {

[[nodiscard]] Cell bytes_cell(const Json& row, std::string_view field, const View& view);   // "12.3 MB"
[[nodiscard]] Cell count_cell(const Json& row, std::string_view field, const View& view);   // "1.2 k"
[[nodiscard]] Cell millis_cell(const Json& row, std::string_view field, const View& view);  // "3m12s"
[[nodiscard]] Cell micros_cell(const Json& row, std::string_view field, const View& view);  // "0.41 ms"
[[nodiscard]] Cell time_cell(const Json& row, std::string_view field, const View& view);
/// up, paused, failed, ESTABLISHED ... with their tone.
[[nodiscard]] Cell state_cell(const Json& row, std::string_view field, const View& view);
/// The sum of the counts of a map: refused_total, failures_total.
[[nodiscard]] Cell sum_cell(const Json& row, std::string_view field, const View& view);
[[nodiscard]] Cell yes_no_cell(const Json& row, std::string_view field, const View& view);

/// "5,120 bytes (5.1 kB)"
[[nodiscard]] std::string exact_bytes(const Json& object, std::string_view field);
[[nodiscard]] std::string exact_count(const Json& object, std::string_view field);
/// A map of counts in words: "acl 3, limit 1"; those that are 0 are left out, "none" if all are.
[[nodiscard]] std::string counts_in_words(const Json& object, std::string_view field);
[[nodiscard]] Tone tone_of_state(std::string_view state);
[[nodiscard]] std::string moment(const Json& object, std::string_view field, const View& view,
                                 Precision precision);
/// "a, b"; strings without quotes, the rest as JSON.
[[nodiscard]] std::string joined(const std::vector<Json>& items);

}  // namespace tcpctl::ctl
