// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include <spdlog/sinks/sink.h>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/log_record.hpp"
#include "base/log_repeats.hpp"

/// Inner part of base/log: where lines go.
namespace tcpctl::log {

/// What both targets share. Of a line of the log nothing is formatted before it is here (log_record.hpp).
/// Threads: one at a time; `ask_reopen` and `refused` any.
class Sink : public spdlog::sinks::sink {
 public:
  /// Writes one line whole. Errors: io, with the system's reason.
  [[nodiscard]] virtual Result<void> write(const Record& record) = 0;
  /// Opens the target anew, where it is a file. Errors: io; the old one stays.
  [[nodiscard]] virtual Result<void> reopen() { return {}; }

  /// Opens the target anew at the next `flush`.
  void ask_reopen() { reopen_ = true; }
  /// Lines that spdlog brought and the target refused.
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

  void log(const spdlog::details::log_msg& message) override;
  void flush() override;
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

 private:
  void write_or_count(const Record& record);
  void tell_repeats();

  Repeats repeats_;

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
  [[nodiscard]] Result<void> write(const Record& record) override;
  [[nodiscard]] Result<void> reopen() override;

 private:
  [[nodiscard]] int fd() const;
  void take_back(std::size_t bytes);

  Fd file_;  // none for stderr, which is not ours to close
  const std::filesystem::path path_;
  const Format format_;
  const Head head_;
  bool torn_{false};  // the last line could be written in part only
};

/// Lines to journald by sd_journal_sendv(3), each field under its own name, after `prefix`.
class JournalSink final : public Sink {
 public:
  explicit JournalSink(Format format, std::string_view prefix = {}) : format_{format}, prefix_{prefix} {}
  [[nodiscard]] Result<void> write(const Record& record) override;

 private:
  const Format format_;
  const std::string_view prefix_;
};

/// Opens a target as configured: "auto" (journal under systemd, else stderr), "stderr", "journal",
/// "file:PATH". The journal's fields get `prefix`, which lives for ever.
/// Errors: invalid_argument for another target; unavailable where there is no journal; io if the file cannot
/// be opened.
[[nodiscard]] Result<std::shared_ptr<Sink>> open_target(const std::string& target, Format format,
                                                        std::string_view prefix = {});

/// Whether stderr is read by a service manager, which is what `JOURNAL_STREAM` tells (systemd.exec(5)).
[[nodiscard]] bool stderr_is_journal_stream();
/// Whether a journald listens on this host.
[[nodiscard]] bool has_journal();
[[nodiscard]] Head stderr_head();
/// Writes one line; answers how many bytes of it were taken, with errno set where that is not all. Threads:
/// any.
[[nodiscard]] std::size_t write_line(int fd, std::string_view line);

}  // namespace tcpctl::log
