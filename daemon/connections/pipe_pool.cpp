// SPDX-License-Identifier: Apache-2.0
#include "connections/pipe_pool.hpp"

#include <array>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace tcpctl {
namespace {

constexpr Duration kPause = std::chrono::seconds{1};  // before the kernel is asked again

}  // namespace

PipePtr PipePool::make() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) != 0) return nullptr;
  auto pipe = std::make_unique<Pipe>(Pipe{Fd{ends[0]}, Fd{ends[1]}});
  // Past the user's share the new pipe is tiny and cannot grow; F_SETPIPE_SZ may also round up.
  ::fcntl(pipe->write.get(), F_SETPIPE_SZ, static_cast<int>(kPipeBytes));
  const int bytes = ::fcntl(pipe->write.get(), F_GETPIPE_SZ);
  if (bytes < static_cast<int>(kLeastBytes)) return nullptr;
  return pipe;
}

PipePtr PipePool::take(Instant time) {
  PipePtr pipe;
  if (!idle_.empty()) {
    pipe = std::move(idle_.back());
    idle_.pop_back();
  } else if (in_use_ < most_ && time >= not_before_) {
    pipe = make();
    if (!pipe) not_before_ = time + kPause;
  }
  if (pipe) ++in_use_;
  return pipe;
}

void PipePool::give_back(PipePtr pipe) {
  idle_.push_back(std::move(pipe));
  --in_use_;
}

void PipePool::forget(PipePtr pipe) {
  pipe.reset();
  --in_use_;
}

}  // namespace tcpctl
