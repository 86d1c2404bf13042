// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include "api/control.hpp"
#include "api/front_connection.hpp"
#include "api/options.hpp"
#include "api/query.hpp"
#include "engine/loop.hpp"
#include "stats/event_book.hpp"

namespace tcpctl::api {

/// The streams of server-sent events that are open on the HTTP front.
///
/// While there is one, the events come here as they are numbered, and each stream reads them at its own pace:
/// it is given a piece of `stream_buffer` bytes once its peer has taken the one before. So a slow reader
/// holds one piece and nobody up; who falls behind the ring is told how many it missed; and who takes nothing
/// for `stall_time` is cut and counted. Threads: the front's loop. Source: HTML Living Standard, section 9.2
/// "Server-sent events".
class FrontStreams {
 public:
  using Id = FrontConnection::Id;

  FrontStreams(Loop& loop, ControlPlane& control, const FrontLimits& limits);
  FrontStreams(const FrontStreams&) = delete;
  FrontStreams& operator=(const FrontStreams&) = delete;

  [[nodiscard]] bool is_full() const { return streams_.size() >= limits_.streams; }
  /// `connection` has begun to stream, and tells of its end by `closed`.
  void open(Id id, FrontConnection& connection, const EventQuery& wish);
  /// The peer has taken all that it was given.
  void has_room() { pump_soon(); }
  /// The peer takes nothing; its connection ends.
  void stalled();
  void closed(Id id);
  /// Ends all of them: who comes again is judged anew.
  void end();
  /// Forgets all of them; their connections go.
  void forget();

 private:
  struct Stream {
    FrontConnection& connection;
    EventFilter filter;
    std::uint64_t since;
    std::optional<std::uint64_t> position;  // none until the events are here
    std::uint64_t told{0};                  // the last number that the peer knows
  };

  static void on_pump(int fd, short what, void* self);
  static void on_beat(int fd, short what, void* self);
  void watch();
  void unwatch();
  void on_news(std::uint64_t watch, const EventSpan& span);
  void begin(Stream& stream) const;
  void pump_soon();
  void pump();
  /// Answers whether there is more to give.
  bool give(Stream& stream);
  void beat();
  void tell_counts();

  Loop& loop_;
  ControlPlane& control_;
  const FrontLimits& limits_;
  std::map<Id, Stream> streams_;
  std::uint64_t cut_{0};
  std::uint64_t watch_{0};  // news of an earlier one are old
  bool has_events_{false};
  EventBook events_{SIZE_MAX};
  EventPtr pump_;
  EventPtr beat_;
};

}  // namespace tcpctl::api
