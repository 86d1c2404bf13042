// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"

namespace tcpctl {

/// One host that serves what was asked for.
struct SrvRecord {
  std::string host;  // in lower case, without the last dot
  std::uint16_t port{0};
  std::uint16_t priority{0};  // the lowest first
  std::uint16_t weight{0};    // the share among those of one priority
  friend bool operator==(const SrvRecord&, const SrvRecord&) = default;
};

struct SrvAnswer {
  static constexpr std::size_t kMostRecords = 256;
  std::vector<SrvRecord> records;  // at least one, each host and port once; by priority, host, port
  std::chrono::seconds ttl{0};     // the smallest in the answer section
};

/// Reads the SRV records of a whole DNS message, as it came from the network. Records that name no host or
/// no port are left out; of more than kMostRecords those of the lowest priority stay.
/// Errors: io (no DNS answer, or cut short), not_found (no SRV record, or the service is said to be nowhere).
/// Source: RFC 1035 section 4, RFC 2782. Threads: any.
[[nodiscard]] Result<SrvAnswer> parse_srv_answer(ByteView message);

}  // namespace tcpctl
