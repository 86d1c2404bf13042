// SPDX-License-Identifier: Apache-2.0
#include "ctl/trace/segment.hpp"

#include <array>
#include <utility>

#include "ctl/trace/octets.hpp"

namespace tcpctl::ctl::trace {
namespace {

constexpr std::uint8_t kEnd = 0, kNothing = 1, kMss = 2, kWindowScale = 3, kSackPermitted = 4, kSack = 5,
                       kTimestamps = 8;

/// False where `body`, what follows kind and length, is not as long as the kind has it.
bool read_known(Options& options, std::uint8_t kind, std::string_view body) {
  constexpr std::size_t kBlock = 8;
  if (kind == kMss && body.size() == 2) {
    options.mss = octets::big16(body, 0);
  } else if (kind == kWindowScale && body.size() == 1) {
    options.window_scale = octets::at(body, 0);
  } else if (kind == kSackPermitted && body.empty()) {
    options.sack_permitted = true;
  } else if (kind == kSack && !body.empty() && body.size() % kBlock == 0) {
    for (std::size_t at = 0; at < body.size(); at += kBlock)
      options.sack.push_back({octets::big32(body, at), octets::big32(body, at + 4)});
  } else if (kind == kTimestamps && body.size() == 8) {
    options.timestamps = {octets::big32(body, 0), octets::big32(body, 4)};
  } else {
    return false;
  }
  return true;
}

/// From the bit of the lowest value on; SYN comes first in a text, as in the textbook.
constexpr std::array<std::pair<std::uint8_t, std::string_view>, 8> kNames{{{Segment::kSyn, "SYN"},
                                                                           {Segment::kFin, "FIN"},
                                                                           {Segment::kRst, "RST"},
                                                                           {Segment::kPsh, "PSH"},
                                                                           {Segment::kAck, "ACK"},
                                                                           {Segment::kUrg, "URG"},
                                                                           {Segment::kEce, "ECE"},
                                                                           {Segment::kCwr, "CWR"}}};

}  // namespace

Options read_options(std::string_view bytes, bool whole) {
  Options options;
  while (!bytes.empty()) {
    const auto kind = octets::at(bytes, 0);
    if (kind == kEnd) return options;
    if (kind == kNothing) {
      bytes.remove_prefix(1);
      continue;
    }
    const std::size_t length = bytes.size() < 2 ? 0 : octets::at(bytes, 1);
    if (bytes.size() < 2 || length > bytes.size()) {
      (whole ? options.malformed : options.cut) = true;
      return options;
    }
    if (length < 2) {
      options.malformed = true;
      return options;
    }
    if (!read_known(options, kind, bytes.substr(2, length - 2)))
      options.unknown.push_back({kind, static_cast<std::uint8_t>(length)});
    bytes.remove_prefix(length);
  }
  options.cut = !whole;
  return options;
}

std::vector<std::string_view> flag_names(std::uint8_t flags) {
  std::vector<std::string_view> names;
  for (const auto& [flag, name] : kNames) {
    if ((flags & flag) != 0) names.push_back(name);
  }
  return names;
}

std::string flags_text(std::uint8_t flags) {
  std::string out;
  for (const auto name : flag_names(flags)) out.append(out.empty() ? "" : "+").append(name);
  return out.empty() ? "no flags" : out;
}

}  // namespace tcpctl::ctl::trace
