// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <poll.h>

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "ctl/connect/form.hpp"
#include "ctl/connect/life.hpp"
#include "tcp/state.hpp"

namespace tcpctl::ctl {

/// The user's side of a conversation; the descriptors stay the caller's.
struct Streams {
  int in{-1}, out{-1};
  bool in_terminal{false};  // typed lines: the peer's FIN is the end, and a mistake in hex is told
  int stop{-1};             // readable once the user wants it to end; -1 = never
};

/// A connected socket between two streams, until both sides have said that they are done.
///
/// What comes is printed as it comes, and no faster than `out` takes it; what is given is sent as the peer
/// takes it, and no more of it is read before: 64 KiB a direction are held. The end of the input is a FIN,
/// and reading goes on until the peer's. At a terminal the peer's FIN is the end of the input too.
/// Threads: one; `run` blocks.
class Conversation {
 public:
  enum class End { done, reset, dead, interrupted, unread, output_failed, input_failed };
  struct Outcome {
    End end;
    std::string detail;  // of a reset: the bytes that were lost, if any
  };
  using Warn = std::function<void(const std::string&)>;

  Conversation(Fd socket, Life& life, const Streams& streams, InputForm input, OutputForm output, Warn warn);

  /// To the end. The time line, the bytes and the close stand in the Life then.
  [[nodiscard]] Outcome run();
  /// The last byte that was printed ended no line.
  [[nodiscard]] bool is_inside_line() const { return inside_line_; }

 private:
  static constexpr std::size_t kMost = std::size_t{64} * 1024;
  static constexpr std::chrono::seconds kPatience{2};  // for the ACK of the last FIN

  /// Bytes that wait, from the front.
  class Queue {
   public:
    void add(std::string_view bytes) { bytes_.erase(0, std::exchange(at_, 0)).append(bytes); }
    void drop(std::size_t count) { at_ += count; }
    void clear() { bytes_.clear(), at_ = 0; }
    [[nodiscard]] std::string_view bytes() const { return std::string_view{bytes_}.substr(at_); }
    [[nodiscard]] bool empty() const { return at_ == bytes_.size(); }
    [[nodiscard]] std::size_t size() const { return bytes_.size() - at_; }

   private:
    std::string bytes_;
    std::size_t at_{0};
  };

  void wait();
  [[nodiscard]] pollfd watched_socket() const;
  [[nodiscard]] int timeout_ms() const;
  void on_socket(short revents);
  void take_input();
  void end_input();
  void send();
  void receive();
  void print();
  void advance();

  void shutdown_write(std::string_view why);
  void note_hangup();
  void note_ack(tcp::State state);
  void note_first(Life::Word first, Life::Word how, Life::Word reason, std::string_view detail = {});
  void note_error(int error);
  void note_undelivered();
  void step_closing();
  /// The user's wish, or the want of one who reads: a FIN, and no waiting.
  void leave(End end, const std::string& detail);
  void finish(End end, std::string detail);

  Fd socket_;
  Fd watch_;  // epoll, edge-triggered: readable whenever TCP has changed something
  Life& life_;
  const Streams streams_;
  InputForm input_;
  OutputForm output_;
  const Warn warn_;
  std::size_t most_printed_at_once_;

  Queue to_peer_, to_out_;
  bool input_ended_{false};  // a FIN is wanted
  bool fin_sent_{false};     // shutdown(2) was called
  bool fin_waits_{false};    // behind bytes that the peer did not take
  bool active_{false};       // ours was the first
  bool eof_{false};
  bool hung_up_{false};
  bool inside_line_{false};
  int error_{0};  // a reset or another end of the connection; what came before it is still read
  std::optional<Instant> closing_since_;
  std::string undelivered_;
  std::optional<Outcome> outcome_;
};

}  // namespace tcpctl::ctl
