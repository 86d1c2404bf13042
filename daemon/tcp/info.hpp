// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "base/text.hpp"
#include "tcp/state.hpp"

namespace tcpctl::tcp {

/// The kernel's TCP_INFO of one socket; a member that this kernel does not fill in is absent.
/// Units:  as the names say; times are microseconds.
/// Source: tcp(7), linux/tcp.h.
struct Info {
  State state{State::closed};
  std::uint32_t rtt_us{0}, rtt_var_us{0};
  std::uint32_t retransmits{0}, lost{0}, cwnd_segments{0}, mss_bytes{0};
  std::uint32_t unacked{0}, sacked{0};  // of a listening socket: accept queue and its limit
  std::optional<std::uint32_t> min_rtt_us;
  std::optional<std::uint64_t> delivery_rate_bytes_per_second;
  std::optional<std::uint64_t> segments_in, segments_out;
  std::optional<std::uint64_t> unsent_bytes;
  std::optional<std::uint64_t> busy_us, receive_window_limited_us, send_buffer_limited_us;
  std::optional<std::uint64_t> bytes_acked, bytes_received;
};

/// Nothing if `fd` is no TCP socket. Costs 0.3 to 1 us. Threads: the owner of `fd`.
[[nodiscard]] std::optional<Info> read_info(int fd);
/// The same from the bytes of a TCP_INFO, of any length. Threads: any.
[[nodiscard]] Info parse_info(ByteView bytes);
/// The state alone; `closed` if `fd` is no TCP socket.
[[nodiscard]] State read_state(int fd);
/// TCP_CONGESTION of the socket: "cubic"; empty if it is no TCP socket.
[[nodiscard]] std::string read_congestion(int fd);

/// The congestion control of sockets that ask for none; read anew with each call.
[[nodiscard]] std::string default_congestion();

/// What the client's SYN said, as TCP_SAVE_SYN kept it.
struct SavedSyn {
  std::uint32_t isn{0};
  std::optional<std::uint16_t> mss;
  std::optional<std::uint8_t> window_scale;
  std::uint8_t ttl{0};
  bool sack : 1 {false};
  bool timestamps : 1 {false};
};

/// Reads and frees the SYN that the kernel kept for an accepted socket; once. Nothing where TCP_SAVE_SYN was
/// off.
[[nodiscard]] std::optional<SavedSyn> take_saved_syn(int fd);
/// Whether the kernel takes TCP_SAVE_SYN. Errors: io, with what it says. Costs a socket: for reports.
[[nodiscard]] Result<void> check_saved_syns();
/// Parses an IPv4 or IPv6 header and the TCP header behind it; nothing if it is cut or malformed.
[[nodiscard]] std::optional<SavedSyn> parse_syn(const unsigned char* packet, std::size_t length);

}  // namespace tcpctl::tcp
