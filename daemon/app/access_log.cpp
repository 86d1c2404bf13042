// SPDX-License-Identifier: Apache-2.0
#include "app/access_log.hpp"

#include <chrono>
#include <csignal>
#include <future>
#include <thread>
#include <utility>

#include <pthread.h>

#include "base/log.hpp"
#include "connections/access_line.hpp"

namespace tcpctl {
namespace {

constexpr std::string_view kJournalPrefix = "TCPCTL_";
constexpr std::chrono::seconds kStopPatience{5};  // for a target that takes no line
constexpr std::chrono::seconds kLongestStop{30};  // for one that takes some
constexpr Duration kComplainsEvery = std::chrono::minutes{1};

}  // namespace

/// What is on the thread. It has the loop to itself, may be held up by its target for as long as that likes,
/// and owns all that it touches, so that it may be left behind then.
struct AccessLog::Writer {
  void run();
  void write(const AccessBatch& batch);
  void reopen();
  void complain(const std::string& what);

  Loop loop{"access-log"};
  std::shared_ptr<log::Sink> target;
  Instant complained{};
  std::optional<Instant> reopen_at;  // once more, where it failed
  Counter errors, homeless;          // refused by the target; come when there was none
  Counter seen;                      // lines that it has begun with
  std::thread thread;                // the main thread's
  std::promise<void> done;
};

void AccessLog::Writer::run() {
  // Signals are the main thread's: none may interrupt a write to the target.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  pthread_setname_np(pthread_self(), loop.name().c_str());
  loop.run();
  target.reset();
  done.set_value();
}

void AccessLog::Writer::write(const AccessBatch& batch) {
  if (reopen_at && now() >= *reopen_at) reopen();
  for (const auto& line : batch.lines) {
    seen.add();
    if (!target) {
      homeless.add();
      continue;
    }
    const auto fields = access_fields(line);
    if (const auto written = target->write(access_record(line, fields)); !written) {
      errors.add();
      complain(written.error().what);
    }
  }
  batch.taken->add();
}

void AccessLog::Writer::complain(const std::string& what) {
  const Instant time = now();
  if (complained != Instant{} && time - complained < kComplainsEvery) return;
  complained = time;
  log::warn("access_log.write_failed", log::f("detail", what), log::f("errors_total", errors.read()));
}

void AccessLog::Writer::reopen() {
  reopen_at.reset();
  if (!target) return;
  const auto opened = target->reopen();
  if (opened) return;
  reopen_at = now() + kComplainsEvery;
  log::error("access_log.reopen_failed", log::f("detail", opened.error().what),
             log::f("effect", "lines go on into the old file; it is tried again once a minute"));
}

AccessLog::~AccessLog() { end_writer(); }

Result<std::optional<AccessLog::Change>> AccessLog::prepare(const config::AccessLog& wanted) const {
  const bool was_on = now_ && now_->is_on();
  if (!was_on && !wanted.is_on()) return std::nullopt;
  Change change{wanted, nullptr};
  if (wanted.is_on() && !(was_on && now_->same_target(wanted))) {
    auto target = log::open_target(wanted.target, wanted.format, kJournalPrefix);
    if (!target) return tl::make_unexpected(std::move(target).error().within("access_log.target"));
    change.target = std::move(*target);
  } else if (was_on && now_->at_start == wanted.at_start && now_->at_end == wanted.at_end) {
    return std::nullopt;
  }
  return change;
}

void AccessLog::begin() {
  writer_ = std::make_shared<Writer>();
  crew_.post_all([writer = writer_](Hub& hub) {
    hub.worker().access().open([writer](AccessBatch batch) {
      const auto carried = std::make_shared<const AccessBatch>(std::move(batch));
      writer->loop.post([to = writer.get(), carried] { to->write(*carried); });
    });
  });
  writer_->thread = std::thread{[writer = writer_] { writer->run(); }};
}

void AccessLog::set_target(std::shared_ptr<log::Sink> target) {
  writer_->loop.post([to = writer_.get(), target = std::move(target)] { to->target = target; });
}

void AccessLog::apply(Change change) {
  const config::AccessLog& wanted = change.wanted;
  const bool was_on = now_ && now_->is_on();
  if (!writer_) begin();
  if (!was_on) set_target(change.target);
  crew_.post_all([at_start = wanted.at_start, at_end = wanted.at_end](Hub& hub) {
    AccessOutlet& outlet = hub.worker().access();
    outlet.set(at_start, at_end);
    outlet.give();
  });
  if (was_on && (change.target || !wanted.is_on())) {
    crew_.settle();
    set_target(change.target);
  }
  now_ = wanted;
}

void AccessLog::reopen() {
  if (writer_) writer_->loop.post([to = writer_.get()] { to->reopen(); });
}

void AccessLog::stop() {
  for (const auto& member : crew_.crew().members) member.hub->worker().access().give();
  end_writer();
  if (dropped() + errors() > 0)
    log::warn("access_log.lost", log::f("dropped", dropped()), log::f("errors", errors()),
              log::f("since", "the daemon's start"));
}

void AccessLog::end_writer() {
  if (!writer_ || !writer_->thread.joinable()) return;
  writer_->loop.stop();
  const auto done = writer_->done.get_future();
  const Instant until = now() + kLongestStop;
  for (std::uint64_t seen = UINT64_MAX; seen != writer_->seen.read() && now() < until;) {
    seen = writer_->seen.read();
    if (done.wait_for(kStopPatience) == std::future_status::ready) {
      writer_->thread.join();
      return;
    }
  }
  writer_->thread.detach();
  log::warn("access_log.given_up",
            log::f("detail", "its target takes no lines; what was not written is lost"));
}

std::uint64_t AccessLog::dropped() const {
  std::uint64_t sum = writer_ ? writer_->homeless.read() : 0;
  for (const auto& member : crew_.crew().members) sum += member.hub->worker().access().dropped();
  return sum;
}

std::uint64_t AccessLog::errors() const { return writer_ ? writer_->errors.read() : 0; }

}  // namespace tcpctl
