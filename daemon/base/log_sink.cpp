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

Result<Fd> open_file(const std::filesystem::path& path) {
  Fd file{::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640)};
  if (!file) return fail(Errc::io, "log file '" + path.string() + "': " + errno_text(errno));
  return file;
}

}  // namespace

bool write_line(int fd, std::string_view line) {
  while (!line.empty()) {
    const ssize_t n = ::write(fd, line.data(), line.size());
    if (n >= 0) {
      line.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN) {
      // Somebody else made the stream non-blocking: it is shared with whoever started us.
      pollfd writable{fd, POLLOUT, 0};
      if (::poll(&writable, 1, 1000) <= 0) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

bool stderr_is_journal_stream() {
  const char* stream = std::getenv("JOURNAL_STREAM");  // "DEVICE:INODE" of the stream that systemd gave
  struct stat info{};
  if (stream == nullptr || ::fstat(STDERR_FILENO, &info) != 0) return false;
  return fmt::format("{}:{}", info.st_dev, info.st_ino) == stream;
}

bool has_journal() { return ::access(kJournalSocket, W_OK) == 0; }

Head stderr_head() { return stderr_is_journal_stream() ? Head::prefixed : Head::timed; }

void Sink::flush() {
  if (reopen_.exchange(false)) reopen();
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

void StreamSink::log(const spdlog::details::log_msg& message) {
  if (!write_line(fd(), line_of(record_of(message), format_, head_))) count_refused();
}

void StreamSink::reopen() {
  if (path_.empty()) return;
  if (auto file = open_file(path_)) {
    file_ = std::move(*file);
  } else {
    const Record record{
        Level::error, wall_now(), "log.reopen_failed", {{"detail", file.error().what, false}}};
    if (!write_line(fd(), line_of(record, format_, head_))) count_refused();
  }
}

void JournalSink::log(const spdlog::details::log_msg& message) {
  auto fields = journal_fields(record_of(message), format_);
  std::vector<iovec> parts;
  parts.reserve(fields.size());
  for (auto& field : fields) parts.push_back({field.data(), field.size()});
  if (sd_journal_sendv(parts.data(), static_cast<int>(parts.size())) < 0) count_refused();
}

}  // namespace tcpctl::log
