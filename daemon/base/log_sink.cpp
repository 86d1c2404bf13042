// SPDX-License-Identifier: Apache-2.0
#include "base/log_sink.hpp"

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <spdlog/details/log_msg.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

namespace tcpctl::log {
namespace {

constexpr const char* kJournalSocket = "/run/systemd/journal/socket";

Level level_of(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::trace:
      return Level::trace;
    case spdlog::level::debug:
      return Level::debug;
    case spdlog::level::warn:
      return Level::warn;
    case spdlog::level::err:
    case spdlog::level::critical:
      return Level::error;
    default:
      return Level::info;
  }
}

Record record_of(const spdlog::details::log_msg& message) {
  return unpack(level_of(message.level), std::chrono::floor<std::chrono::microseconds>(message.time),
                {message.payload.data(), message.payload.size()});
}

std::string line_of(const Record& record, Format format, Head head) {
  return format == Format::json ? json_line(record, head) : text_line(record, head);
}

/// O_NONBLOCK is for a named pipe that nobody reads, which would hold up whoever opens it.
Result<Fd> open_file(const std::filesystem::path& path) {
  Fd file{::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640)};
  if (!file) return fail(Errc::io, "log file '" + path.string() + "': " + errno_text(errno));
  return file;
}

}  // namespace

std::size_t write_line(int fd, std::string_view line) {
  std::size_t written = 0;
  while (written < line.size()) {
    const ssize_t n = ::write(fd, line.data() + written, line.size() - written);
    if (n >= 0) {
      written += static_cast<std::size_t>(n);
    } else if (errno == EAGAIN) {
      // A named pipe, or somebody else made the stream non-blocking: it is shared with whoever started us.
      pollfd writable{fd, POLLOUT, 0};
      if (::poll(&writable, 1, 1000) <= 0) {
        errno = EAGAIN;
        break;
      }
    } else if (errno != EINTR) {
      break;
    }
  }
  return written;
}

bool stderr_is_journal_stream() {
  const char* stream = std::getenv("JOURNAL_STREAM");  // "DEVICE:INODE" of the stream that systemd gave
  struct stat info{};
  if (stream == nullptr || ::fstat(STDERR_FILENO, &info) != 0) return false;
  return fmt::format("{}:{}", info.st_dev, info.st_ino) == stream;
}

bool has_journal() { return ::access(kJournalSocket, W_OK) == 0; }

Head stderr_head() { return stderr_is_journal_stream() ? Head::prefixed : Head::timed; }

void Sink::write_or_count(const Record& record) {
  if (!write(record)) ++refused_;
}

void Sink::log(const spdlog::details::log_msg& message) {
  const Record record = record_of(message);
  tell_repeats();
  if (repeats_.passes(record, now())) write_or_count(record);
}

void Sink::tell_repeats() {
  for (const auto& [event, of, lines] : repeats_.over(now())) {
    const std::string count = fmt::to_string(lines);
    write_or_count({Level::warn,
                    wall_now(),
                    "log.repeated",
                    {{"of", event}, {"with", of}, {"lines_left_out", count, true}}});
  }
}

void Sink::flush() {
  tell_repeats();
  if (!reopen_.exchange(false)) return;
  if (const auto opened = reopen(); !opened)
    write_or_count({Level::error, wall_now(), "log.reopen_failed", {{"detail", opened.error().what}}});
}

StreamSink::StreamSink(Fd file, std::filesystem::path path, Format format, Head head)
    : file_{std::move(file)}, path_{std::move(path)}, format_{format}, head_{head} {}

std::shared_ptr<StreamSink> StreamSink::standard_error(Format format) {
  return std::make_shared<StreamSink>(Fd{}, std::filesystem::path{}, format, stderr_head());
}

Result<std::shared_ptr<StreamSink>> StreamSink::file(std::filesystem::path path, Format format) {
  auto file = open_file(path);
  if (!file) return tl::make_unexpected(std::move(file).error());
  return std::make_shared<StreamSink>(std::move(*file), std::move(path), format, Head::timed);
}

int StreamSink::fd() const { return file_ ? file_.get() : STDERR_FILENO; }

Result<void> StreamSink::write(const Record& record) {
  std::string line = line_of(record, format_, head_);
  if (torn_) line.insert(line.begin(), '\n');
  const std::size_t written = write_line(fd(), line);
  const int error = errno;
  if (written < line.size()) {
    if (written > 0) take_back(written);
    return fail(Errc::io, (path_.empty() ? "stderr" : "'" + path_.string() + "'") + ": " + errno_text(error));
  }
  torn_ = false;
  return {};
}

/// Where a disk fills up in the midst of a line, what was written of it goes; or else, where that cannot be,
/// the next line begins on a line of its own.
void StreamSink::take_back(std::size_t bytes) {
  struct stat info{};
  const off_t end = ::lseek(fd(), 0, SEEK_CUR);
  const bool is_last = end >= 0 && ::fstat(fd(), &info) == 0 && S_ISREG(info.st_mode) && info.st_size == end;
  if (!is_last || ::ftruncate(fd(), end - static_cast<off_t>(bytes)) != 0) torn_ = true;
}

Result<void> StreamSink::reopen() {
  if (path_.empty()) return {};
  auto file = open_file(path_);
  if (!file) return tl::make_unexpected(std::move(file).error());
  file_ = std::move(*file);
  torn_ = false;
  return {};
}

Result<void> JournalSink::write(const Record& record) {
  auto fields = journal_fields(record, format_, prefix_);
  std::vector<iovec> parts;
  parts.reserve(fields.size());
  for (auto& field : fields) parts.push_back({field.data(), field.size()});
  if (const int sent = sd_journal_sendv(parts.data(), static_cast<int>(parts.size())); sent < 0)
    return fail(Errc::io, "the journal: " + errno_text(-sent));
  // It takes the absence of a journal for a success.
  if (!has_journal()) return fail(Errc::io, "the journal: no journald listens here");
  return {};
}

Result<std::shared_ptr<Sink>> open_target(const std::string& target, Format format, std::string_view prefix) {
  constexpr std::string_view kFile = "file:";
  if (target == "stderr") return StreamSink::standard_error(format);
  if (target == "auto") {
    if (stderr_is_journal_stream() && has_journal()) return std::make_shared<JournalSink>(format, prefix);
    return StreamSink::standard_error(format);
  }
  if (target == "journal") {
    if (has_journal()) return std::make_shared<JournalSink>(format, prefix);
    return fail(Errc::unavailable,
                "log target 'journal': no journald listens here, use 'stderr' or 'file:PATH'");
  }
  if (target.starts_with(kFile) && target.size() > kFile.size()) {
    return StreamSink::file(target.substr(kFile.size()), format);
  }
  return fail(Errc::invalid_argument,
              "log target '" + target + "': use 'auto', 'stderr', 'journal' or 'file:PATH'");
}

}  // namespace tcpctl::log
