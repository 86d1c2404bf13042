// SPDX-License-Identifier: Apache-2.0
#include "ctl/trace/flow.hpp"

#include <algorithm>

namespace tcpctl::ctl::trace {
namespace {

constexpr std::size_t kRemembered = 16;  // segments among which a copy is looked for
// Wireshark's: what comes later than these is no answer to duplicates, or no overtaking.
constexpr std::chrono::milliseconds kFast{20}, kOvertaking{3};

struct Words {
  Note note;
  std::string_view text, word;
};
constexpr std::array kWords{
    Words{Note::retransmission, "retransmission", "retransmission"},
    Words{Note::fast_retransmission, "fast retransmission", "fast_retransmission"},
    Words{Note::spurious_retransmission, "spurious retransmission", "spurious_retransmission"},
    Words{Note::out_of_order, "out of order", "out_of_order"},
    Words{Note::previous_not_captured, "previous segment not captured", "previous_segment_not_captured"},
    Words{Note::acked_unseen, "ACKs an unseen segment", "acked_unseen_segment"},
    Words{Note::duplicate_ack, "duplicate ACK", "duplicate_ack"},
    Words{Note::zero_window, "zero window", "zero_window"},
    Words{Note::window_full, "window full", "window_full"},
    Words{Note::window_update, "window update", "window_update"},
    Words{Note::zero_window_probe, "zero window probe", "zero_window_probe"},
    Words{Note::zero_window_probe_ack, "zero window probe ACK", "zero_window_probe_ack"},
    Words{Note::keep_alive, "keep-alive", "keep_alive"},
    Words{Note::keep_alive_ack, "keep-alive ACK", "keep_alive_ack"},
    Words{Note::fragment, "first fragment", "first_fragment"}};

const Words& words_of(Note note) { return *std::ranges::find(kWords, note, &Words::note); }

bool is_plain(const Segment& segment) { return !segment.has(Segment::kSyn | Segment::kFin | Segment::kRst); }

bool holds(const std::vector<Note>& notes, Note note) {
  return std::ranges::find(notes, note) != notes.end();
}

}  // namespace

std::string_view text(Note note) { return words_of(note).text; }
std::string_view word(Note note) { return words_of(note).word; }

Place Flow::take(const Segment& segment, std::size_t from, WallTime at) {
  Side& own = sides_[from];
  Side& other = sides_[1 - from];
  learn_bases(segment, own, other);
  Place place;
  place.from = from;
  place.seq = segment.seq - *own.base;
  if (segment.has(Segment::kAck)) {
    place.ack = other.base ? segment.ack - *other.base : 0;
    place.other_base = other.base;
  }
  place.notes = notes(segment, own, other, at);
  place.duplicates = own.duplicates;
  remember(segment, own, place.notes, at);
  own.room = room(segment, own, other);
  place.window_bytes = own.room;
  learn_handshake(segment, from, at);
  learn_end(segment, from);
  states_.pass(from, segment, !holds(place.notes, Note::previous_not_captured));
  place.states = {states_.of(0), states_.of(1)};
  last_at_ = std::max(last_at_, at);
  return place;
}

/// As Wireshark has it: without a SYN the first byte that was seen has the number 1.
void Flow::learn_bases(const Segment& segment, Side& own, Side& other) {
  if (!own.base) own.base = segment.has(Segment::kSyn) ? segment.seq : segment.seq - 1;
  if (!other.base && segment.has(Segment::kAck) && !segment.has(Segment::kRst)) other.base = segment.ack - 1;
  if (segment.has(Segment::kSyn)) {
    own.opened = true;
    own.scale = segment.options.window_scale;
  }
}

/// The window of a SYN is not scaled. Source: RFC 7323 section 2.2.
std::optional<std::uint64_t> Flow::room(const Segment& segment, const Side& own, const Side& other) {
  constexpr std::uint8_t kMost = 14;
  if (segment.has(Segment::kSyn)) return segment.window;
  if (!own.opened || !other.opened) return std::nullopt;
  const auto shift = own.scale && other.scale ? std::min(*own.scale, kMost) : std::uint8_t{0};
  return std::uint64_t{segment.window} << shift;
}

void Flow::learn_handshake(const Segment& segment, std::size_t from, WallTime at) {
  if (opened_at_) return;
  const bool acks = segment.has(Segment::kAck);
  if (segment.has(Segment::kSyn)) {
    if (!acks && from == 0 && !synack_at_) syn_at_ = at;
    if (acks && from == 1) synack_at_ = at;
  } else if (acks && from == 0 && syn_at_ && synack_at_) {
    opened_at_ = at;
  }
}

std::optional<Duration> Flow::handshake() const {
  if (!opened_at_) return std::nullopt;
  return *opened_at_ - *syn_at_;
}

void Flow::learn_end(const Segment& segment, std::size_t from) {
  const bool reset = segment.has(Segment::kRst);
  if (segment.has(Segment::kFin)) sides_[from].fin_end = segment.seq + segment.span();
  reset_ = reset_ || reset;
  if (!first_end_ && (reset || segment.has(Segment::kFin))) first_end_ = FirstEnd{from, reset};
}

bool Flow::is_over() const {
  const auto is_acked = [](const Side& own, const Side& other) {
    return own.fin_end && other.last_ack && !is_after(*own.fin_end, *other.last_ack);
  };
  return reset_ || (is_acked(sides_[0], sides_[1]) && is_acked(sides_[1], sides_[0]));
}

bool Flow::is_another(const Segment& segment, std::size_t from) const {
  if (!segment.has(Segment::kSyn) || segment.has(Segment::kAck)) return false;
  const Side& own = sides_[from];
  return !own.opened || *own.base != segment.seq;
}

bool Flow::is_copy(const Segment& segment, std::size_t from) {
  if (segment.interface == 0) return false;
  const auto& stamps = segment.options.timestamps;
  const Fingerprint print{segment.seq,       segment.ack,       segment.length, stamps ? stamps->value : 0,
                          segment.interface, segment.packet_id, segment.flags,  from};
  const auto is_same = [&](const Fingerprint& each) {
    return each.seq == print.seq && each.ack == print.ack && each.length == print.length &&
           each.value == print.value && each.id == print.id && each.flags == print.flags &&
           each.from == print.from && each.interface != print.interface;
  };
  const bool copy = std::ranges::any_of(latest_, is_same);
  if (copy) return true;
  latest_.push_back(print);
  if (latest_.size() > kRemembered) latest_.pop_front();
  return false;
}

std::vector<Note> Flow::notes(const Segment& segment, Side& own, const Side& other, WallTime at) {
  std::vector<Note> found;
  if (segment.fragment) found.push_back(Note::fragment);
  if (!own.next) return found;
  const bool behind = is_after(segment.seq, *own.next);
  if (behind && !own.next_is_least && !segment.has(Segment::kRst | Segment::kSyn))
    found.push_back(Note::previous_not_captured);
  if (is_plain(segment)) note_plain(segment, own, other, found);
  if (segment.has(Segment::kAck) && !segment.has(Segment::kRst) && other.next && !other.next_is_least &&
      is_after(segment.ack, *other.next))
    found.push_back(Note::acked_unseen);
  const bool probes = holds(found, Note::keep_alive) || holds(found, Note::zero_window_probe);
  if (segment.span() > 0 && !segment.has(Segment::kRst) && !probes && is_after(*own.next, segment.seq))
    found.push_back(repeated(segment, own, other, at));
  return found;
}

/// Of those that neither open nor end: what length, window and acknowledgement tell.
void Flow::note_plain(const Segment& segment, Side& own, const Side& other, std::vector<Note>& notes) {
  if (segment.length == 1 && segment.seq == *own.next && other.window == 0) {
    notes.push_back(Note::zero_window_probe);
  } else if (segment.length <= 1 && segment.seq + 1 == *own.next) {
    notes.push_back(Note::keep_alive);
  }
  note_window(segment, own, other, notes);
  const bool stands = segment.length == 0 && segment.seq == *own.next && own.last_ack == segment.ack;
  if (!stands) return;
  const bool same_window = own.window == segment.window;
  if (segment.window == 0) {
    if (same_window && other.probed) notes.push_back(Note::zero_window_probe_ack);
  } else if (!same_window && segment.options.sack.empty()) {
    notes.push_back(Note::window_update);
  } else if (other.kept_alive) {
    notes.push_back(Note::keep_alive_ack);
  } else {
    notes.push_back(Note::duplicate_ack);
    ++own.duplicates;
  }
}

void Flow::note_window(const Segment& segment, const Side& own, const Side& other, std::vector<Note>& notes) {
  if (segment.window == 0) notes.push_back(Note::zero_window);
  const bool fills = segment.length > 0 && own.next && other.room && *other.room > 0 && other.last_ack &&
                     segment.seq + segment.length - *other.last_ack == *other.room;
  if (fills) notes.push_back(Note::window_full);
}

/// What it is that begins below what was sent already.
Note Flow::repeated(const Segment& segment, const Side& own, const Side& other, WallTime at) {
  const auto end = segment.seq + segment.span();
  if (segment.length > 0 && other.last_ack && !is_after(end, *other.last_ack))
    return Note::spurious_retransmission;
  if (other.duplicates >= 2 && other.last_ack == segment.seq && at - other.last_ack_at < kFast)
    return Note::fast_retransmission;
  if (at - own.next_at < kOvertaking && *own.next != end) return Note::out_of_order;
  return Note::retransmission;
}

void Flow::remember(const Segment& segment, Side& own, const std::vector<Note>& notes, WallTime at) {
  ++own.sent.segments;
  const bool again = holds(notes, Note::retransmission) || holds(notes, Note::fast_retransmission) ||
                     holds(notes, Note::spurious_retransmission);
  own.probed = holds(notes, Note::zero_window_probe);
  own.kept_alive = holds(notes, Note::keep_alive);
  if (again) ++own.sent.retransmissions;
  if (!again && !own.kept_alive && !own.probed) own.sent.bytes += segment.length;
  const auto end = segment.seq + segment.span();
  // A probe's byte is sent again, once there is room for it.
  if (!own.probed && !segment.has(Segment::kRst) && (!own.next || is_after(end, *own.next))) {
    own.next = end;
    own.next_at = at;
    own.next_is_least = segment.fragment;
  }
  own.window = segment.window;
  if (!segment.has(Segment::kAck) || segment.has(Segment::kRst)) return;
  if (!holds(notes, Note::duplicate_ack) && own.last_ack != segment.ack) own.duplicates = 0;
  if (!own.last_ack || !is_after(*own.last_ack, segment.ack)) {
    own.last_ack = segment.ack;
    own.last_ack_at = at;
  }
}

}  // namespace tcpctl::ctl::trace
