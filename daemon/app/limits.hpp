// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace tcpctl {

/// How many descriptors the process may have, and how many of them connections may use.
struct Limits {
  std::uint64_t files;
  std::uint64_t connections;
  std::size_t pipes{0};  // of a worker, two descriptors each, out of what is kept back
};

/// Raises RLIMIT_NOFILE to its hard limit and derives what connections may have of it: all but a reserve for
/// the API, listening sockets, logs and pipes. `wanted` (0 = as many as there are) caps it.
[[nodiscard]] Limits take_limits(std::uint64_t wanted, std::size_t workers);
/// The part of `files` that is kept back: what the loops have open from the start, and room for the rest.
[[nodiscard]] std::uint64_t file_reserve(std::uint64_t files, std::size_t workers);
/// How many of the API's requests may wait for a probe at once: 64, or fewer where files are few.
[[nodiscard]] std::size_t probers(std::uint64_t files);
/// How many pipes a worker may have: half of the room that is kept back, where that is less than it would
/// use.
[[nodiscard]] std::size_t pipes_of_worker(std::uint64_t files, std::size_t workers);

}  // namespace tcpctl
