// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include <spdlog/sinks/sink.h>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/log_record.hpp"

/// Inner part of base/log: where lines go.
namespace tcpctl::log {

/// What both targets share. A line is packed (log_record.hpp); nothing is formatted before it is here.
/// Threads: `log` and `flush` on the log's thread alone; the other members on any.
class Sink : public spdlog::sinks::sink {
 public:
  /// Opens the target anew at the next `flush`.
  void ask_reopen() { reopen_ = true; }
  /// Lines that the target refused.
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

  void flush() override;
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

 protected:
  virtual void reopen() {}
  void count_refused() { ++refused_; }

 private:
  std::atomic<bool> reopen_{false};
  std::atomic<std::uint64_t> refused_{0};
};

/// Lines to a descriptor: stderr or a file.
class StreamSink final : public Sink {
 public:
  [[nodiscard]] static std::shared_ptr<StreamSink> standard_error(Format format);
  /// Appends to `path`, mode 0640 where it is made. Errors: io.
  [[nodiscard]] static Result<std::shared_ptr<StreamSink>> file(std::filesystem::path path, Format format);

  StreamSink(Fd file, std::filesystem::path path, Format format, Head head);
  void log(const spdlog::details::log_msg& message) override;

 private:
  void reopen() override;
  [[nodiscard]] int fd() const;

  Fd file_;  // none for stderr, which is not ours to close
  const std::filesystem::path path_;
  const Format format_;
  const Head head_;
};

/// Lines to journald by sd_journal_sendv(3), each field under its own name.
class JournalSink final : public Sink {
 public:
  explicit JournalSink(Format format) : format_{format} {}
  void log(const spdlog::details::log_msg& message) override;

 private:
  const Format format_;
};

/// Whether stderr is read by a service manager, which is what `JOURNAL_STREAM` tells (systemd.exec(5)).
[[nodiscard]] bool stderr_is_journal_stream();
/// Whether a journald listens on this host.
[[nodiscard]] bool has_journal();
[[nodiscard]] Head stderr_head();
/// Writes one line whole, or answers false. Threads: any.
[[nodiscard]] bool write_line(int fd, std::string_view line);

}  // namespace tcpctl::log
