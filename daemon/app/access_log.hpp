// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "app/crew_threads.hpp"
#include "base/log_sink.hpp"
#include "config/config.hpp"

namespace tcpctl {

/// The access log: the workers tell it of connections, and a thread of its own formats and writes that.
///
/// Off, there is neither thread nor file. No worker waits for the target, whatever becomes of it: what finds
/// no room on the way is counted, and so is what the target refuses. Threads: only the main thread.
class AccessLog {
 public:
  explicit AccessLog(CrewThreads& crew) : crew_{crew} {}
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;
  ~AccessLog();

  /// What a configuration wants and the log does not do yet, with the target open where that is another.
  struct Change {
    config::AccessLog wanted;
    std::shared_ptr<log::Sink> target;
  };
  /// Nothing where nothing is to be changed; changes nothing by itself. Errors: the target cannot be opened.
  [[nodiscard]] Result<std::optional<Change>> prepare(const config::AccessLog& wanted) const;
  /// What was told before is written as it was wanted before.
  void apply(Change change);
  /// Opens the file anew, after a rotation; what is on its way goes there.
  void reopen();
  /// Writes what there is; call it once the workers have stopped. A target that does not take it is given up
  /// after some seconds.
  void stop();

  /// Lines that found no room, or no target any more.
  [[nodiscard]] std::uint64_t dropped() const;
  /// Lines that the target refused.
  [[nodiscard]] std::uint64_t errors() const;

 private:
  struct Writer;
  void begin();
  void set_target(std::shared_ptr<log::Sink> target);
  void end_writer();

  CrewThreads& crew_;
  std::optional<config::AccessLog> now_;  // none before the first change
  std::shared_ptr<Writer> writer_;        // shared with its thread; none before it is first wanted
};

}  // namespace tcpctl
