// SPDX-License-Identifier: Apache-2.0
#include "app/limits.hpp"

#include <algorithm>

#include <sys/resource.h>

#include "connections/pipe_pool.hpp"

namespace tcpctl {
namespace {

constexpr std::uint64_t kOwnFiles = 40;  // of the main thread, the logs and the API but for its probers
constexpr std::uint64_t kFilesOfWorker = 5;
constexpr std::uint64_t kLeastReserve = 12;
constexpr std::uint64_t kMostReserve = 1024;
constexpr std::uint64_t kMostFiles = 1U << 24;  // where the limit is infinity

std::uint64_t room_kept_back(std::uint64_t files) {
  return std::clamp(files / 16, kLeastReserve, kMostReserve);
}

/// Two for each prober. Moved against `room_kept_back`, so that one file more never leaves connections less.
std::uint64_t files_of_probers(std::uint64_t files) {
  return std::clamp<std::uint64_t>((files + 8) / 32, 4, 128);
}

}  // namespace

std::size_t probers(std::uint64_t files) { return files_of_probers(files) / 2; }

std::uint64_t file_reserve(std::uint64_t files, std::size_t workers) {
  return kOwnFiles + files_of_probers(files) + kFilesOfWorker * workers + room_kept_back(files);
}

std::size_t pipes_of_worker(std::uint64_t files, std::size_t workers) {
  const std::uint64_t descriptors = room_kept_back(files) / 2 / workers;
  return std::min<std::uint64_t>(descriptors / 2, PipePool::kMost);
}

Limits take_limits(std::uint64_t wanted, std::size_t workers) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const std::uint64_t files = std::min<std::uint64_t>(limit.rlim_cur, kMostFiles);
  const std::uint64_t most = files - std::min(files, file_reserve(files, workers));
  return {files, wanted == 0 ? most : std::min(wanted, most), pipes_of_worker(files, workers)};
}

}  // namespace tcpctl
