// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "base/address.hpp"
#include "base/clock.hpp"
#include "base/units.hpp"
#include "stats/facts.hpp"
#include "stats/snapshot.hpp"

/// What happens in the daemon, as plain values: collected by the loops, numbered by the main thread, read by
/// the API. See docs/events.md.
namespace tcpctl {

#define TCPCTL_EVENTS(X) \
  X(opened)              \
  X(established)         \
  X(half_closed)         \
  X(closed)              \
  X(refused)             \
  X(upstream_up)         \
  X(upstream_down)       \
  X(client_up)           \
  X(client_down)         \
  X(reload)              \
  X(limit_reached)       \
  X(change)
enum class EventKind : std::uint8_t {
#define X(name) name,
  TCPCTL_EVENTS(X)
#undef X
};
inline constexpr std::size_t kEventKinds = static_cast<std::size_t>(EventKind::change) + 1;

[[nodiscard]] std::string_view text(EventKind kind);
[[nodiscard]] std::optional<EventKind> parse_event_kind(std::string_view text);

/// A change of what the daemon does: who asked for it, and what came of it. Nothing of a request's body or
/// query is in it, so that it holds no secret.
struct Change {
  enum class Outcome : std::uint8_t {
    done,
    refused,  // who asked may not
    failed
  };
  std::string who{};             // "uid:1000", "token:ci", "anonymous:127.0.0.1", "signal"
  std::string user{};            // the name of a uid; "" = not known
  pid_t pid{0};                  // of who asked on the Unix socket; 0 = not known
  std::string method{}, path{};  // of the request, printable and bounded; "" of a signal
  std::string what{};            // "pause_listener"
  int status{0};                 // of the answer; 0 of a signal
  Outcome outcome{Outcome::done};
  std::string party{};  // the listener's or client's name, where it is of one
  bool of_client{false};
};
[[nodiscard]] std::string_view text(Change::Outcome outcome);

/// One thing that happened. Its texts lie in its batch, so that collecting one allocates nothing.
struct Event {
  using Text = std::uint16_t;    // place in EventBatch::texts, from 1; 0 = none
  using Source = std::uint16_t;  // the same in EventBatch::sources

  WallTime at{};
  ConnectionId connection{}, peer{};  // 0 = none
  Address remote;
  Duration lasted{};  // closed
  std::uint64_t bytes_in{0}, bytes_out{0};
  Text party{0}, upstream{0}, detail{0};
  Source source{0};  // whose connection it is where that is not `remote`: what a PROXY header said
  EventKind kind{EventKind::opened};
  bool of_client{false};  // its party is a client, else a listener
  // What is known of the end, or of the first FIN.
  std::optional<First> first;
  std::optional<How> how;
  std::optional<Reason> reason;
  std::optional<Refusal> refusal;  // refused, limit_reached
  std::optional<Direction> direction;
};

/// Events of one loop, in the order in which it saw them. Immutable once it is numbered.
struct EventBatch {
  std::uint64_t first{0};    // the number of the first event; the others follow
  std::uint64_t dropped{0};  // that came behind them and found no room; they have numbers, too
  std::vector<std::shared_ptr<const std::string>> texts;
  std::vector<Address> sources;
  std::vector<Event> events;
  std::shared_ptr<const Change> change;  // of its events of this kind; there is one at most

  [[nodiscard]] std::string_view text(Event::Text place) const {
    return place == 0 ? std::string_view{} : std::string_view{*texts[place - 1U]};
  }
  /// What a PROXY header said, or null.
  [[nodiscard]] const Address* source(const Event& event) const {
    return event.source == 0 ? nullptr : &sources[event.source - 1U];
  }
  /// The number behind its last event, and the one behind those that found no room, too.
  [[nodiscard]] std::uint64_t behind_events() const { return first + events.size(); }
  [[nodiscard]] std::uint64_t end() const { return behind_events() + dropped; }
};
using EventBatchPtr = std::shared_ptr<const EventBatch>;
/// Batches in the order of their numbers; there is one at least.
using EventRun = std::vector<EventBatchPtr>;
using EventRunPtr = std::shared_ptr<const EventRun>;

/// What there is after a number. Threads: a plain value; the runs are shared and const.
struct EventSpan {
  std::vector<EventRunPtr> runs;  // of the first one, some may lie before what is asked for
  std::uint64_t since{0};         // read on behind this number
  std::uint64_t first{1};         // the first number of all; lower ones are of an earlier life of the daemon
  std::uint64_t oldest{1};        // the lowest number that is still kept
  std::uint64_t newest{0};        // the highest that was given
  bool is_over{false};            // nothing is kept any more
};

/// Which events a reader wants. Empty members do not filter.
struct EventFilter {
  std::uint32_t kinds{0};  // a bit each; 0 = all
  std::optional<std::string> listener, client;
  std::optional<Direction> direction;
  std::optional<Network> peer;  // has the remote end in it, or the source that a PROXY header named
  void want(EventKind kind) { kinds |= 1U << static_cast<unsigned>(kind); }
  [[nodiscard]] bool matches(const EventBatch& batch, const Event& event) const;
};

/// Goes through a span, event by event, and notices each number that is missing.
class EventCursor {
 public:
  explicit EventCursor(const EventSpan& span) : span_{span}, position_{span.since} {}

  struct Step {
    const EventBatch* batch;
    const Event* event;  // null: what is missing at the end
    std::uint64_t number;
    std::uint64_t missing;  // numbers before this one that nobody can read any more
  };
  /// Nothing more once the newest number is reached.
  [[nodiscard]] std::optional<Step> next();
  [[nodiscard]] std::uint64_t position() const { return position_; }

 private:
  const EventSpan& span_;
  std::size_t run_{0}, batch_{0};
  std::uint64_t position_;
};

}  // namespace tcpctl
