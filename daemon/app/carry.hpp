// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/fd.hpp"
#include "connections/carried.hpp"
#include "endpoints/byte_ring.hpp"

namespace tcpctl {

/// What one process of the daemon leaves to the next at a restart. Threads: a plain value.
struct Carry {
  Instant left{};                          // when the connections were taken from their loops
  std::vector<std::uint64_t> sequences{};  // of the ids, by worker
  std::vector<CarriedSession> sessions{};
  std::map<std::string, ByteRing::Saved> received{};  // by client
  std::uint64_t missing{0};  // sessions that were told of, and whose sockets did not come
};

/// The two parts of it: what can be written down, and the sockets in the order of the sessions, that of an
/// upstream behind its client's. Source of the format: CBOR (RFC 8949).
[[nodiscard]] std::string write_carry(const Carry& carry);
/// Errors: invalid_argument, where it is of another version or damaged. Sessions without their socket are
/// counted in `missing`.
[[nodiscard]] Result<Carry> read_carry(const std::string& text, std::vector<Fd> sockets);

/// Puts it into a pair of sockets that are connected with one another, and answers the end that the next
/// process reads; as long as anybody has that end, the connections stand. Errors: io. What the kernel does
/// not take is logged, and closes with this process.
/// Source: unix(7), SCM_RIGHTS; design decision D14.
[[nodiscard]] Result<Fd> put_carry(Carry carry);
/// Reads such an end. Errors: as read_carry.
[[nodiscard]] Result<Carry> take_carry(Fd end);

}  // namespace tcpctl
