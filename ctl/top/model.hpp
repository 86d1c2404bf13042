// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "ctl/client.hpp"
#include "ctl/json.hpp"

/// `tcpctl top`: what is asked of the daemon and what it answered, as values that the screen and the thread
/// that asks hand to each other.
namespace tcpctl::ctl::top {

enum class Tab : std::uint8_t { listeners, clients, connections, events };
inline constexpr std::array kTabs{Tab::listeners, Tab::clients, Tab::connections, Tab::events};

/// One object, looked at closely.
struct Subject {
  Tab of;
  std::string name;  // of a connection its id
  friend bool operator==(const Subject&, const Subject&) = default;
};

/// What the screen needs next.
struct Wish {
  Tab tab{Tab::listeners};
  Query connections{};      // the filter and the order
  std::uint64_t limit{50};  // of connections
  std::optional<Subject> subject{};
};

/// A change that the operator agreed to.
struct Action {
  Call call;
  std::string done;  // what to say of it: "listener web: paused"
};

/// What the daemon said last.
struct Snapshot {
  Json status{};
  std::vector<Json> listeners{}, clients{}, connections{}, events{};  // events: the newest first
  std::uint64_t connections_total{0};
  std::string mistake{};  // why the filter of connections is none; they are those of the filter before
  std::optional<Subject> subject{};
  Json facts{};                 // of the subject; null: it is gone
  std::optional<Json> other{};  // the other leg of its session
  Instant at{};
  bool is_whole{false};   // the daemon has answered once
  std::string trouble{};  // why it does not answer now; all else is what it said before
  std::optional<WallTime> lost_at{};
};

}  // namespace tcpctl::ctl::top
