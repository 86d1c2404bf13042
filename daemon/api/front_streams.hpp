// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "api/control.hpp"
#include "api/front_connection.hpp"
#include "api/front_workers.hpp"
#include "api/http_request.hpp"
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
/// for `stall_time` is cut and counted. Pieces are written on a thread of their own, which gives way to the
/// loops of connections as the API's workers do: the front itself must answer at once, so it has the
/// priority of a loop, and makes no JSON. Threads: the front's loop. Source: HTML Living Standard, section
/// 9.2 "Server-sent events".
class FrontStreams {
 public:
  using Id = FrontConnection::Id;

  FrontStreams(Loop& loop, ControlPlane& control, const FrontLimits& limits);
  FrontStreams(const FrontStreams&) = delete;
  FrontStreams& operator=(const FrontStreams&) = delete;

  /// So many may come by `door`. Some are kept for the Unix socket: whoever reads over HTTP without a token
  /// does not lock the operator out.
  [[nodiscard]] std::size_t most(Door door) const;
  [[nodiscard]] bool is_full(Door door) const;
  /// `connection`, which came by `door`, has begun to stream, and tells of its end by `closed`.
  void open(Id id, FrontConnection& connection, Door door, const EventQuery& wish);
  /// The peer has taken all that it was given.
  void has_room() { pump_soon(); }
  /// The peer takes nothing; its connection ends.
  void stalled();
  void closed(Id id);
  /// Ends all of them: who comes again is judged anew.
  void end();
  /// Forgets all of them; their connections go.
  void forget();
  /// Ends the thread that writes. From the thread that owns this, once the front's loop has ended.
  void stop() { writer_.stop(); }

 private:
  struct Stream {
    FrontConnection& connection;
    Door door;
    std::shared_ptr<const EventFilter> filter;
    std::uint64_t since;
    std::optional<std::uint64_t> position;  // none until the events are here
    std::uint64_t told{0};                  // the last number that the peer knows
    bool is_writing{false};                 // a piece is under way
  };
  struct Piece {
    std::string text;
    std::uint64_t position, told;
  };

  static void on_pump(int fd, short what, void* self);
  static void on_beat(int fd, short what, void* self);
  void watch();
  void unwatch();
  void on_news(std::uint64_t watch, const EventSpan& span);
  void begin(Stream& stream) const;
  void pump_soon();
  void pump();
  /// Has the next piece written for it, if it is the time.
  void give(Id id, Stream& stream);
  /// The events of `span`, some of them, as the peer is to get them. Threads: any.
  [[nodiscard]] static Piece write(const EventSpan& span, const EventFilter& filter, std::uint64_t told,
                                   std::size_t bytes);
  void on_piece(Id id, const Piece& piece);
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
  FrontWorkers writer_;
};

}  // namespace tcpctl::api
