// SPDX-License-Identifier: Apache-2.0
#include "api/front_streams.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "api/event_json.hpp"

namespace tcpctl::api {
namespace {

/// Between two pieces for one stream others have their turn, and a flood of events takes no whole processor.
constexpr timeval kPumpPause{0, 5'000};

constexpr std::size_t kMostLookedAt = 1024;  // events for one piece

/// What stands first: how soon to come again, and where the stream begins.
std::string greeting(std::uint64_t position) { return fmt::format("retry: 1000\nid: {}\n\n", position); }

void append_missing(std::string& text, const EventCursor::Step& step) {
  const std::uint64_t last = step.event == nullptr ? step.number : step.number - 1;
  fmt::format_to(std::back_inserter(text), "id: {}\nevent: dropped\ndata: {{\"dropped\":{}}}\n\n", last,
                 step.missing);
}

void append_event(std::string& text, const EventCursor::Step& step) {
  fmt::format_to(std::back_inserter(text), "id: {}\nevent: {}\ndata: {}\n\n", step.number,
                 tcpctl::text(step.event->kind), event_json(*step.batch, *step.event, step.number));
}

}  // namespace

FrontStreams::FrontStreams(Loop& loop, ControlPlane& control, const FrontLimits& limits)
    : loop_{loop},
      control_{control},
      limits_{limits},
      pump_{evtimer_new(loop.base(), &FrontStreams::on_pump, this)},
      beat_{event_new(loop.base(), -1, EV_PERSIST, &FrontStreams::on_beat, this)},
      writer_{loop, 1, limits.streams, "api-events"} {}

std::size_t FrontStreams::most(Door door) const {
  const auto kept = std::min(limits_.streams_kept, limits_.streams);
  return door == Door::unix_socket ? limits_.streams : limits_.streams - kept;
}

bool FrontStreams::is_full(Door door) const {
  const auto is_other = [](const auto& entry) { return entry.second.door != Door::unix_socket; };
  const auto others = static_cast<std::size_t>(std::ranges::count_if(streams_, is_other));
  return streams_.size() >= limits_.streams || (door != Door::unix_socket && others >= most(door));
}

void FrontStreams::open(Id id, FrontConnection& connection, Door door, const EventQuery& wish) {
  const auto [place, is_new] = streams_.emplace(
      id,
      Stream{connection, door, std::make_shared<const EventFilter>(wish.filter), wish.since.value_or(0), {}});
  if (!is_new) return;
  if (streams_.size() == 1) watch();
  if (has_events_) begin(place->second);
  tell_counts();
}

void FrontStreams::stalled() {
  ++cut_;
  tell_counts();
}

void FrontStreams::closed(Id id) {
  if (streams_.erase(id) == 0) return;
  if (streams_.empty()) unwatch();
  tell_counts();
}

void FrontStreams::forget() {
  if (streams_.empty()) return;
  streams_.clear();
  writer_.forget_waiting();
  unwatch();
}

void FrontStreams::end() {
  for (auto& [id, stream] : streams_) stream.connection.end();
}

void FrontStreams::watch() {
  const auto beat = std::chrono::duration_cast<std::chrono::microseconds>(limits_.heartbeat).count();
  const timeval interval{beat / 1'000'000, beat % 1'000'000};
  event_add(beat_.get(), &interval);
  control_.watch_events([this, watch = ++watch_](const EventSpan& span) {
    loop_.post([this, watch, span] { on_news(watch, span); });
  });
}

void FrontStreams::unwatch() {
  event_del(beat_.get());
  event_del(pump_.get());
  ++watch_;
  has_events_ = false;
  events_ = EventBook{SIZE_MAX};
  control_.watch_events(nullptr);
}

void FrontStreams::on_news(std::uint64_t watch, const EventSpan& span) {
  if (watch != watch_) return;
  if (span.is_over) {
    end();
    return;
  }
  events_.follow(span);
  if (!has_events_) {
    has_events_ = true;
    for (auto& [id, stream] : streams_) begin(stream);
  }
  pump_soon();
}

void FrontStreams::begin(Stream& stream) const {
  stream.position = events_.after(stream.since, 0).since;
  stream.told = *stream.position;
  stream.connection.feed(greeting(stream.told));
}

void FrontStreams::pump_soon() {
  if (!has_events_ || event_pending(pump_.get(), EV_TIMEOUT, nullptr) != 0) return;
  event_add(pump_.get(), &kPumpPause);
}

void FrontStreams::on_pump(int /*fd*/, short /*what*/, void* self) {
  static_cast<FrontStreams*>(self)->pump();
}

void FrontStreams::pump() {
  for (auto& [id, stream] : streams_) give(id, stream);
}

void FrontStreams::give(Id id, Stream& stream) {
  const bool is_time = !stream.is_writing && stream.connection.unsent() == 0;
  if (!is_time || *stream.position >= events_.newest()) return;
  stream.is_writing = writer_.submit(
      [this, id, span = events_.after(*stream.position, kMostLookedAt), filter = stream.filter,
       told = stream.told, bytes = limits_.stream_buffer]() -> FrontWorkers::Task {
        return [this, id, piece = write(span, *filter, told, bytes)] { on_piece(id, piece); };
      },
      false);
  if (!stream.is_writing) pump_soon();  // pieces wait for streams that are gone
}

FrontStreams::Piece FrontStreams::write(const EventSpan& span, const EventFilter& filter, std::uint64_t told,
                                        std::size_t bytes) {
  EventCursor cursor{span};
  Piece piece{{}, 0, told};
  for (std::size_t i = 0; i < kMostLookedAt && piece.text.size() < bytes; ++i) {
    const auto step = cursor.next();
    if (!step) break;
    if (step->missing > 0) append_missing(piece.text, *step);
    const bool is_wanted = step->event != nullptr && filter.matches(*step->batch, *step->event);
    if (is_wanted) append_event(piece.text, *step);
    if (is_wanted || step->missing > 0) piece.told = step->number;
  }
  piece.position = cursor.position();
  return piece;
}

void FrontStreams::on_piece(Id id, const Piece& piece) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  Stream& stream = found->second;
  stream.is_writing = false;
  stream.position = piece.position;
  stream.told = piece.told;
  if (!piece.text.empty()) stream.connection.feed(piece.text);
  if (*stream.position < events_.newest() && stream.connection.unsent() == 0) pump_soon();
}

void FrontStreams::on_beat(int /*fd*/, short /*what*/, void* self) {
  static_cast<FrontStreams*>(self)->beat();
}

/// A comment, so that either side notices that the other is gone; with the number up to which nothing else
/// was wanted, if that has moved on.
void FrontStreams::beat() {
  for (auto& [id, stream] : streams_) {
    if (!stream.position || stream.connection.unsent() > 0) continue;
    const bool is_news = !stream.is_writing && stream.told < *stream.position;
    stream.told = *stream.position;
    stream.connection.feed(is_news ? fmt::format(":\nid: {}\n\n", stream.told) : std::string{":\n\n"});
  }
}

void FrontStreams::tell_counts() { control_.note_event_streams(streams_.size(), cut_); }

}  // namespace tcpctl::api
