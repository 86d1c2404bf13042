// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

#include <sys/types.h>

#include "base/error.hpp"

namespace tcpctl {

/// How far `write_atomically` has come.
enum class WriteStep : std::uint8_t { created, written, synced, renamed, done };

/// Puts `text` in the place of the file `path`, so that whoever reads it, now or after a power cut, finds
/// what was there before or all of `text`, and never half.
///
/// The folder is made (0750) where it is missing, with the one above it. A link in the place of the file is
/// replaced, one in the place of the folder is refused. What a writer that was killed left beside the file is
/// removed; so there is one writer at a time. `step` is for tests. Errors: io, with the file and why; then
/// nothing of it is left.
/// Threads: any; waits for the disk.
[[nodiscard]] Result<void> write_atomically(
    const std::filesystem::path& path, std::string_view text, mode_t mode,
    const std::function<void(WriteStep)>& step = [](WriteStep) {});

}  // namespace tcpctl
