// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>

#include "ctl/context.hpp"
#include "ctl/trace/diagram.hpp"
#include "ctl/trace/flows.hpp"
#include "ctl/trace/ids.hpp"
#include "ctl/trace/packet.hpp"
#include "ctl/trace/summary.hpp"
#include "ctl/trace/traced.hpp"
#include "ctl/trace/wishes.hpp"

namespace tcpctl::ctl::trace {

/// Turns captured frames into a drawing, or into JSON, as they come, and into a summary.
/// Threads: one. `traced` and `wishes` have to outlive it.
class Tracer {
 public:
  Tracer(Context& context, const Traced& traced, const Wishes& wishes);

  /// A frame that passed the filter, in the order of the capture; `bytes` are needed during the call alone.
  void take(Link link, std::string_view bytes, std::size_t wire_length, WallTime at);
  /// Prints what was drawn since the last time.
  void flush();
  /// All that was wanted was seen: so many segments, or the end of the one connection.
  [[nodiscard]] bool is_done() const;

  [[nodiscard]] const Flows& flows() const { return flows_; }
  [[nodiscard]] const Tally& tally() const { return tally_; }

 private:
  [[nodiscard]] static Shape shape_of(const Traced& traced);
  void draw(const Segment& segment, const Place& place, WallTime at, const Connection& connection, bool fresh,
            bool learnt);
  void announce(const Connection& connection, const std::string& time, const std::string& text);
  [[nodiscard]] std::size_t lane_of(const Connection& connection) const;
  [[nodiscard]] std::array<std::string, 2> changes(const Place& place, const Connection& connection);

  Context& context_;
  const Traced& traced_;
  const Wishes& wishes_;
  Diagram diagram_;
  Flows flows_;
  Ids ids_;
  Tally tally_;
  std::optional<WallTime> start_;
  std::map<unsigned, std::array<std::optional<tcp::State>, 2>> shown_;  // by the connection's number
  std::string drawn_;
};

}  // namespace tcpctl::ctl::trace
