// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <tuple>

#include "ctl/trace/flow.hpp"
#include "ctl/trace/scope.hpp"

namespace tcpctl::ctl::trace {

/// One connection of a trace.
struct Connection {
  unsigned number;  // from 1 on, in the order in which they were first seen
  Address initiator, responder;
  Standing standing;
  Flow flow;
  std::string id{};      // the daemon's; "" while it is not known
  unsigned look_ups{0};  // how often it was asked for
};

/// All connections of a trace; the oldest are forgotten where there are more than kMost. Threads: one.
class Flows {
 public:
  static constexpr std::size_t kMost = 4096;

  explicit Flows(const Scope& scope) : scope_{scope} {}

  struct Found {
    Connection& connection;  // valid until the next call
    std::size_t from;        // 0: the initiator sent the segment
    bool fresh;              // it is the first one of that connection
  };
  /// The connection of `segment`, which begins one where it is of none that is known.
  [[nodiscard]] Found find(const Segment& segment, WallTime at);

  [[nodiscard]] const std::list<Connection>& all() const { return all_; }
  [[nodiscard]] std::uint64_t forgotten() const { return forgotten_; }

 private:
  using End = std::tuple<Address::HostKey, std::uint16_t>;
  using Key = std::tuple<End, End>;
  [[nodiscard]] static Key key_of(const Address& from, const Address& to);
  std::list<Connection>::iterator begin(const Segment& segment, const Key& key, WallTime at);
  void forget_first();

  const Scope& scope_;
  std::list<Connection> all_;
  std::map<Key, std::list<Connection>::iterator> current_;
  unsigned last_number_{0};
  std::uint64_t forgotten_{0};
};

}  // namespace tcpctl::ctl::trace
