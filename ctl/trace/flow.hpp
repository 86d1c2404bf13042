// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/units.hpp"
#include "ctl/trace/segment.hpp"
#include "ctl/trace/states.hpp"

namespace tcpctl::ctl::trace {

/// What is odd about a segment, in Wireshark's words and by its rules.
enum class Note {
  retransmission,
  fast_retransmission,
  spurious_retransmission,
  out_of_order,
  previous_not_captured,
  acked_unseen,
  duplicate_ack,
  zero_window,
  window_full,
  window_update,
  zero_window_probe,
  zero_window_probe_ack,
  keep_alive,
  keep_alive_ack,
  fragment,
};
[[nodiscard]] std::string_view text(Note note);  // "fast retransmission"
[[nodiscard]] std::string_view word(Note note);  // "fast_retransmission", for programs

/// What a segment is within its connection.
struct Place {
  std::size_t from{0};                        // 0: the initiator sent it; 1: the responder
  std::uint32_t seq{0};                       // relative: a SYN has 0
  std::optional<std::uint32_t> ack;           // relative; nothing without ACK
  std::optional<std::uint32_t> other_base;    // what makes a SACK block relative
  std::optional<std::uint64_t> window_bytes;  // scaled; nothing where the handshake was not seen
  std::vector<Note> notes;
  unsigned duplicates{0};                             // with Note::duplicate_ack: its number
  std::array<std::optional<tcp::State>, 2> states{};  // of both ends after it
};

/// Sums of one direction.
struct Sent {
  std::uint64_t segments{0};
  std::uint64_t bytes{0};  // of payload, each once
  std::uint64_t retransmissions{0};
};

/// Who ended a connection first, and how.
struct FirstEnd {
  std::size_t from;
  bool reset;  // else by a FIN
};

/// One connection, from its first segment that was captured on.
///
/// Source of the notes: Wireshark, User's Guide section 7.5, and its packet-tcp.c. Threads: one.
class Flow {
 public:
  /// `ours`: the end, 0 or 1, that it was captured at, where that is known; `at`: its first segment's time.
  Flow(std::optional<std::size_t> ours, WallTime at) : states_{ours}, first_at_{at}, last_at_{at} {}

  /// The next segment, which the end `from` sent.
  [[nodiscard]] Place take(const Segment& segment, std::size_t from, WallTime at);
  /// Whether it is one that was captured already, on another interface.
  [[nodiscard]] bool is_copy(const Segment& segment, std::size_t from);
  /// A SYN that opens another connection between the same ends.
  [[nodiscard]] bool is_another(const Segment& segment, std::size_t from) const;
  /// Nothing more is due: a RST passed, or both FINs were acknowledged.
  [[nodiscard]] bool is_over() const;

  /// Its SYN passed before the capture began.
  [[nodiscard]] bool is_from_the_middle() const { return !sides_[0].opened && !sides_[1].opened; }

  [[nodiscard]] const Sent& sent(std::size_t from) const { return sides_[from].sent; }
  [[nodiscard]] std::optional<FirstEnd> first_end() const { return first_end_; }
  /// From the SYN to the ACK of the SYN+ACK: a round trip, wherever between the ends it was captured.
  [[nodiscard]] std::optional<Duration> handshake() const;
  [[nodiscard]] WallTime first_at() const { return first_at_; }
  [[nodiscard]] WallTime last_at() const { return last_at_; }

 private:
  struct Fingerprint {
    std::uint32_t seq, ack, length, value, interface;
    std::uint16_t id;
    std::uint8_t flags;
    std::size_t from;
  };
  struct Side {
    std::optional<std::uint32_t> base;  // the sequence number that is 0 relatively
    std::optional<std::uint32_t> next;  // behind the highest that it sent
    WallTime next_at{};                 // when that was
    bool next_is_least{false};          // a fragment: more was sent than is known
    std::optional<std::uint32_t> last_ack;
    WallTime last_ack_at{};
    std::optional<std::uint16_t> window;  // as it was sent
    std::optional<std::uint64_t> room;    // the same in bytes, where that is known
    unsigned duplicates{0};
    bool probed{false}, kept_alive{false};  // its last segment was such a probe
    std::optional<std::uint8_t> scale;      // what its SYN offered
    bool opened{false};                     // its SYN was seen
    std::optional<std::uint32_t> fin_end;
    Sent sent{};
  };

  static void learn_bases(const Segment& segment, Side& own, Side& other);
  void learn_handshake(const Segment& segment, std::size_t from, WallTime at);
  void learn_end(const Segment& segment, std::size_t from);
  [[nodiscard]] static std::vector<Note> notes(const Segment& segment, Side& own, const Side& other,
                                               WallTime at);
  static void note_plain(const Segment& segment, Side& own, const Side& other, std::vector<Note>& notes);
  static void note_window(const Segment& segment, const Side& own, const Side& other,
                          std::vector<Note>& notes);
  [[nodiscard]] static Note repeated(const Segment& segment, const Side& own, const Side& other, WallTime at);
  static void remember(const Segment& segment, Side& own, const std::vector<Note>& notes, WallTime at);
  [[nodiscard]] static std::optional<std::uint64_t> room(const Segment& segment, const Side& own,
                                                         const Side& other);

  std::array<Side, 2> sides_{};
  States states_;
  std::optional<WallTime> syn_at_, synack_at_, opened_at_;
  std::optional<FirstEnd> first_end_;
  bool reset_{false};
  std::deque<Fingerprint> latest_;
  WallTime first_at_, last_at_;
};

}  // namespace tcpctl::ctl::trace
