// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "api/front_budget.hpp"
#include "api/options.hpp"
#include "api/request_reader.hpp"
#include "base/clock.hpp"
#include "base/fd.hpp"
#include "engine/loop.hpp"

namespace tcpctl::api {

/// One connection of the HTTP front: reads a request, waits for its answer, writes it, and again.
///
/// Nothing is read while a request is answered, so pipelined requests are served one after the other and a
/// peer that does not read its answers is not listened to. Every state but waiting for the answer has a
/// deadline.
/// Threads: its loop's.
class FrontConnection {
 public:
  using Id = std::uint64_t;

  /// What a connection asks of the front. Calls may come from inside `start` and `answer`.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void on_request(Id id, HttpRequest request, const Peer& peer) = 0;
    /// The peer has taken all of the stream that it was given.
    virtual void on_stream_room(Id id) = 0;
    /// It has taken nothing for too long; the connection ends.
    virtual void on_stream_stalled(Id id) = 0;
    /// The connection is over; it is to be freed, but not from inside this call.
    virtual void on_closed(Id id) = 0;
  };

  FrontConnection(Id id, Fd fd, Peer peer, const Loop& loop, Owner& owner, FrontBudget& budget,
                  const FrontLimits& limits);
  FrontConnection(const FrontConnection&) = delete;
  FrontConnection& operator=(const FrontConnection&) = delete;
  ~FrontConnection();

  void start();
  /// Writes `bytes`; after the last answer the connection ends.
  void answer(std::string bytes, bool last);
  /// Instead of an answer: `head`, and then what `feed` gives, until either side ends it. False: it has
  /// ended.
  [[nodiscard]] bool stream(std::string_view head);
  /// Adds to the stream, if it has not ended. Once all is with the kernel, the owner hears of it.
  void feed(std::string_view bytes);
  /// Ends it, whatever it does.
  void end() { close(); }
  /// Since when the peer is waited for to send a request; nothing while one is served.
  [[nodiscard]] std::optional<Instant> waiting_since() const;
  /// Of the stream, what the peer was given and did not take yet.
  [[nodiscard]] std::size_t unsent() const { return out_.size() - written_; }

 private:
  enum class Phase : std::uint8_t { reading, waiting, writing, streaming, lingering, closed };

  static void on_readable(evutil_socket_t fd, short what, void* self);
  static void on_writable(evutil_socket_t fd, short what, void* self);
  static void on_deadline(evutil_socket_t fd, short what, void* self);

  void read();
  void take_in(std::string_view bytes);
  void next();
  void write();
  void answered();
  void streamed();
  void wait_for_room();
  void linger();
  void discard();
  void close();
  void set_deadline(std::chrono::milliseconds time);
  bool account();

  const Id id_;
  Fd fd_;
  const Peer peer_;
  Owner& owner_;
  FrontBudget& budget_;
  const FrontLimits& limits_;
  RequestReader reader_;
  Phase phase_{Phase::reading};
  Instant reading_since_;
  bool request_begun_{false};  // its deadline runs
  std::string out_;
  std::size_t written_{0};
  bool last_{false};
  std::size_t discarded_{0};
  std::size_t reserved_{0};  // of the budget
  EventPtr readable_;
  EventPtr writable_;
  EventPtr deadline_;
};

}  // namespace tcpctl::api
