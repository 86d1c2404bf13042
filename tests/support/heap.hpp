// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
// Of <sanitizer/allocator_interface.h>, which not every compiler's package has.
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();  // NOLINT(bugprone-reserved-identifier)
#else
#include <malloc.h>
#endif

namespace tcpctl::test {

/// Bytes of the heap that are allocated now, by the allocator's own count. It keeps some freed pieces at
/// hand, so compare sums of many.
inline std::size_t heap_in_use() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return __sanitizer_get_current_allocated_bytes();
#else
  return mallinfo2().uordblks;
#endif
}

/// How much more than asked for an allocator may take for its own rounding, in percent: that of the thread
/// sanitizer rounds to coarser sizes than what users have.
#if defined(__SANITIZE_THREAD__)
inline constexpr std::size_t kRoundingPercent = 110;
#else
inline constexpr std::size_t kRoundingPercent = 100;
#endif

}  // namespace tcpctl::test
