// SPDX-License-Identifier: Apache-2.0
#include "connections/refused.hpp"

#include <utility>

#include <fmt/format.h>
#include <sys/ioctl.h>

#include "connections/party_event.hpp"
#include "tcp/sock_diag.hpp"
#include "tcp/socket.hpp"

namespace tcpctl {
namespace {

/// close(2) sends RST instead of FIN where the peer's bytes lie unread.
bool has_unread(int fd) {
  int bytes = 0;
  return ::ioctl(fd, FIONREAD, &bytes) == 0 && bytes > 0;
}

CloseFacts close_of(Refusal refusal, int fd, Instant at) {
  CloseFacts close;
  close.first = First::local;
  close.how = has_unread(fd) ? How::rst : How::fin;
  close.reason = refusal == Refusal::files ? Reason::resource : Reason::local_limit;
  close.phase = Phase::connect;
  close.at = at;
  return close;
}

}  // namespace

std::optional<std::string> RefusedRecorder::next_entry(Refusal refusal) {
  const Instant time = worker_.time();
  if (entries_.available(time) == 0) {
    ++left_out_;
    return std::nullopt;
  }
  entries_.take(time, 1);
  const auto others = std::exchange(left_out_, 0);
  return fmt::format("refused: {}{}", text(refusal),
                     others > 0 ? fmt::format("; {} more since the entry before", others) : std::string{});
}

void RefusedRecorder::tell(const OwnerPtr& owner, Refusal refusal, const Facts& facts,
                           std::string_view detail) {
  Event* const event = add_event(worker_, EventKind::refused, owner);
  if (event == nullptr) return;
  event->connection = facts.id;
  event->remote = facts.remote;
  event->direction = Direction::inbound;
  event->refusal = refusal;
  event->detail = worker_.events().text(detail);
}

void RefusedRecorder::add(const OwnerPtr& owner, Refusal refusal, const Fd& fd, const Address& remote) {
  const auto detail = next_entry(refusal);
  if (!detail) return;
  const Instant time = worker_.time();
  History::Entry entry;
  Facts& facts = entry.facts;
  facts.id = worker_.next_id();
  facts.owner = owner;
  entry.local = tcp::local_address(fd.get());
  facts.remote = remote;
  facts.opened = facts.last_active = time;
  facts.opened_wall = worker_.wall_at(time);
  facts.close = close_of(refusal, fd.get(), time);
  facts.close.detail = *detail;
  if (!remote.is_unix() && facts.close.how == How::fin) {
    entry.cookie = tcp::read_cookie(fd.get());
    entry.left_in = tcp::State::fin_wait_1;
  }
  if (!remote.is_unix()) {
    facts.timeline.inferred(TimelineEvent::syn_received);
    facts.timeline.inferred(TimelineEvent::established);
  }
  facts.timeline.seen(TimelineEvent::accepted, time);
  facts.timeline.seen(facts.close.how == How::rst ? TimelineEvent::rst_sent : TimelineEvent::fin_sent, time);
  facts.timeline.seen(TimelineEvent::closed, time);
  tell(owner, refusal, facts, *detail);
  if (worker_.access().is_at_end()) worker_.access().add(AccessLine::Kind::end, entry);
  worker_.history().add(std::move(entry));
}

}  // namespace tcpctl
