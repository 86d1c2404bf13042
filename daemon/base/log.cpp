// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <memory>
#include <utility>
#include <vector>

#include <pthread.h>
#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <unistd.h>

#include "base/log_record.hpp"
#include "base/log_sink.hpp"

namespace tcpctl::log {
namespace {

constexpr std::size_t kQueueLines = 2048;  // all are allocated at once, 0.4 KiB each
constexpr std::array<std::string_view, 5> kLevelNames{"trace", "debug", "info", "warn", "error"};

/// One target with its queue and thread.
///
/// Threads: `logger`, `sink` and `pool_view` on any; `pool` only on the main thread. A writer that still
/// holds a Backend after `retire` finds its pool gone and loses that line, no more: so a Backend is kept
/// until the program ends, which is cheap once its pool is gone.
struct Backend {
  std::shared_ptr<Sink> sink;
  std::shared_ptr<spdlog::details::thread_pool> pool;
  std::weak_ptr<spdlog::details::thread_pool> pool_view;
  std::shared_ptr<spdlog::async_logger> logger;
};

std::atomic<Level> threshold{Level::warn};
std::atomic<Backend*> current{nullptr};
std::atomic<std::uint64_t> lost_before{0};  // lines lost by backends that are retired, or by none at all

std::vector<std::unique_ptr<Backend>>& backends() {
  static std::vector<std::unique_ptr<Backend>> all;
  return all;
}

void prepare_thread() {
  // Signals are the main thread's: none may interrupt a write to the target.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  pthread_setname_np(pthread_self(), "log");
}

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::trace:
      return spdlog::level::trace;
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warn:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::unique_ptr<Backend> make_backend(std::shared_ptr<Sink> sink) {
  auto backend = std::make_unique<Backend>();
  backend->sink = std::move(sink);
  backend->pool = std::make_shared<spdlog::details::thread_pool>(kQueueLines, 1, prepare_thread);
  backend->pool_view = backend->pool;
  backend->logger = std::make_shared<spdlog::async_logger>("tcpctld", backend->sink, backend->pool,
                                                           spdlog::async_overflow_policy::overrun_oldest);
  backend->logger->set_level(spdlog::level::trace);
  backend->logger->set_error_handler([](const std::string&) { ++lost_before; });
  return backend;
}

std::uint64_t lost_by(const Backend& backend) {
  const auto pool = backend.pool_view.lock();
  return backend.sink->refused() + (pool ? pool->overrun_counter() : 0);
}

/// Makes `next` the target of all lines; the one before it writes what it has queued and ends its thread.
void replace(Backend* next) {
  Backend* const last = current.exchange(next);
  if (last == nullptr) return;
  const std::uint64_t overrun = last->pool->overrun_counter();
  last->pool.reset();
  lost_before += overrun + last->sink->refused();
}

/// With no target of its own the log has stderr, and no queue.
void write_now(Level level, std::string_view packed) {
  const Record record = unpack(level, wall_now(), packed);
  const std::string line = text_line(record, stderr_head());
  if (write_line(STDERR_FILENO, line) < line.size()) ++lost_before;
}

}  // namespace

std::string_view level_name(Level level) { return kLevelNames.at(static_cast<std::size_t>(level)); }

Result<Level> parse_level(std::string_view text) {
  const auto* const found = std::find(kLevelNames.begin(), kLevelNames.end(), text);
  if (found != kLevelNames.end()) return static_cast<Level>(found - kLevelNames.begin());
  return fail(Errc::invalid_argument,
              "log level '" + std::string{text} + "': use trace, debug, info, warn or error");
}

Result<void> start(Level level, const std::string& target, Format format) {
  auto sink = open_target(target, format);
  if (!sink) return tl::make_unexpected(std::move(sink).error());
  backends().push_back(make_backend(std::move(*sink)));
  set_level(level);
  replace(backends().back().get());
  return {};
}

void stop() { replace(nullptr); }

void reopen() {
  if (Backend* const backend = current.load()) {
    backend->sink->ask_reopen();
    backend->logger->flush();
  }
}

void set_level(Level level) { threshold.store(level, std::memory_order_relaxed); }
Level level() { return threshold.load(std::memory_order_relaxed); }
bool enabled(Level level) { return level >= threshold.load(std::memory_order_relaxed); }

std::uint64_t dropped() {
  const Backend* const backend = current.load();
  return lost_before + (backend != nullptr ? lost_by(*backend) : 0);
}

void write(Level level, std::string_view event, std::initializer_list<Field> fields) {
  if (!enabled(level)) return;
  const std::string packed = pack(event, fields);
  if (Backend* const backend = current.load(std::memory_order_acquire)) {
    backend->logger->log(spdlog_level(level), spdlog::string_view_t{packed.data(), packed.size()});
  } else {
    write_now(level, packed);
  }
}

}  // namespace tcpctl::log
