// SPDX-License-Identifier: Apache-2.0
#include "ctl/trace/states.hpp"

namespace tcpctl::ctl::trace {

using tcp::State;

void States::pass(std::size_t from, const Segment& segment, bool arrives) {
  const std::size_t to = 1 - from;
  begin(from, segment);
  if (segment.has(Segment::kRst)) {
    ends_[from].state = State::closed;
    ends_[to].state = State::closed;
    return;
  }
  sends(ends_[from], segment);
  receives(ends_[to], segment, arrives && ours_ == to);
}

void States::begin(std::size_t from, const Segment& segment) {
  if (begun_) return;
  begun_ = true;
  if (segment.has(Segment::kSyn | Segment::kRst)) return;
  ends_[from].state = State::established;
  ends_[1 - from].state = State::established;
}

void States::sends(End& end, const Segment& segment) {
  if (segment.has(Segment::kAck)) {
    if (end.awaits_syn && !is_after(*end.awaits_syn, segment.ack)) take_syn(end);
    if (end.awaits_fin && !is_after(*end.awaits_fin, segment.ack)) take_fin(end);
  }
  if (segment.has(Segment::kSyn)) {
    end.syn_end = segment.seq + 1;
    end.state = segment.has(Segment::kAck) ? State::syn_rcvd : State::syn_sent;
  }
  if (!segment.has(Segment::kFin)) return;
  end.fin_end = segment.seq + segment.span();
  if (end.state == State::established || end.state == State::syn_rcvd) end.state = State::fin_wait_1;
  // Sent once more, after the ACK that it was taken to have: it has not come.
  if (end.state == State::close_wait || end.state == State::closed) end.state = State::last_ack;
}

void States::receives(End& end, const Segment& segment, bool at_once) {
  if (segment.has(Segment::kAck)) take_ack(end, segment.ack);
  if (segment.has(Segment::kSyn)) {
    end.awaits_syn = segment.seq + 1;
    end.is_answered = segment.has(Segment::kAck);
    if (at_once) take_syn(end);
  }
  if (segment.has(Segment::kFin)) {
    end.awaits_fin = segment.seq + segment.span();
    if (at_once) take_fin(end);
  }
}

void States::take_ack(End& end, std::uint32_t ack) {
  if (end.state == State::syn_rcvd && end.syn_end && !is_after(*end.syn_end, ack))
    end.state = State::established;
  if (!end.fin_end || is_after(*end.fin_end, ack)) return;
  if (end.state == State::fin_wait_1) end.state = State::fin_wait_2;
  if (end.state == State::closing) end.state = State::time_wait;
  if (end.state == State::last_ack) end.state = State::closed;
}

void States::take_syn(End& end) {
  end.awaits_syn.reset();
  if (!end.state || end.state == State::listen) {
    end.state = State::syn_rcvd;
  } else if (end.state == State::syn_sent) {
    end.state = end.is_answered ? State::established : State::syn_rcvd;  // else both opened at once
  }
}

void States::take_fin(End& end) {
  end.awaits_fin.reset();
  if (end.state == State::established || end.state == State::syn_rcvd) end.state = State::close_wait;
  if (end.state == State::fin_wait_1) end.state = State::closing;
  if (end.state == State::fin_wait_2) end.state = State::time_wait;
}

}  // namespace tcpctl::ctl::trace
