// SPDX-License-Identifier: Apache-2.0
#include "tcp/info.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/fd.hpp"

namespace tcpctl::tcp {
namespace {

// The kernel's struct grows; what it returns beyond ours is cut, what ours has beyond it stays absent.
struct RawInfo {
  tcp_info info{};
  socklen_t length{sizeof(tcp_info)};

  template <class T>
  [[nodiscard]] bool has(std::size_t offset, const T&) const {
    return offset + sizeof(T) <= length;
  }
};

#define TCPCTL_MEMBER(raw, member) \
  ((raw).has(offsetof(tcp_info, member), (raw).info.member) ? std::optional{(raw).info.member} : std::nullopt)

Info to_info(const RawInfo& raw) {
  Info info;
  info.state = static_cast<State>(raw.info.tcpi_state);
  info.rtt_us = raw.info.tcpi_rtt;
  info.rtt_var_us = raw.info.tcpi_rttvar;
  info.retransmits = raw.info.tcpi_total_retrans;
  info.lost = raw.info.tcpi_lost;
  info.cwnd_segments = raw.info.tcpi_snd_cwnd;
  info.mss_bytes = raw.info.tcpi_snd_mss;
  info.unacked = raw.info.tcpi_unacked;
  info.sacked = raw.info.tcpi_sacked;
  info.min_rtt_us = TCPCTL_MEMBER(raw, tcpi_min_rtt);
  if (info.min_rtt_us == UINT32_MAX) info.min_rtt_us.reset();  // nothing was measured
  info.delivery_rate_bytes_per_second = TCPCTL_MEMBER(raw, tcpi_delivery_rate);
  info.segments_in = TCPCTL_MEMBER(raw, tcpi_segs_in);
  info.segments_out = TCPCTL_MEMBER(raw, tcpi_segs_out);
  info.unsent_bytes = TCPCTL_MEMBER(raw, tcpi_notsent_bytes);
  info.busy_us = TCPCTL_MEMBER(raw, tcpi_busy_time);
  info.receive_window_limited_us = TCPCTL_MEMBER(raw, tcpi_rwnd_limited);
  info.send_buffer_limited_us = TCPCTL_MEMBER(raw, tcpi_sndbuf_limited);
  info.bytes_acked = TCPCTL_MEMBER(raw, tcpi_bytes_acked);
  info.bytes_received = TCPCTL_MEMBER(raw, tcpi_bytes_received);
  return info;
}

}  // namespace

std::optional<Info> read_info(int fd) {
  RawInfo raw;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &raw.info, &raw.length) != 0 || raw.length == 0)
    return std::nullopt;
  return to_info(raw);
}

Info parse_info(ByteView bytes) {
  RawInfo raw;
  raw.length = static_cast<socklen_t>(std::min(bytes.size(), sizeof raw.info));
  std::memcpy(&raw.info, bytes.data(), raw.length);
  return to_info(raw);
}

State read_state(int fd) {
  // The state is the first byte, so a short buffer spares the kernel the copy of the rest.
  std::array<unsigned char, 8> head{};
  socklen_t length = head.size();
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, head.data(), &length) != 0 || length == 0) return State::closed;
  return static_cast<State>(head[0]);
}

std::string read_congestion(int fd) {
  std::array<char, 32> name{};
  socklen_t length = name.size() - 1;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name.data(), &length) != 0) return {};
  return name.data();
}

std::string default_congestion() {
  const Fd trial{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  return trial ? read_congestion(trial.get()) : std::string{};
}

Result<void> check_saved_syns() {
  const int on = 1;
  const Fd trial{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (::setsockopt(trial.get(), IPPROTO_TCP, TCP_SAVE_SYN, &on, sizeof on) != 0)
    return fail(Errc::io, "TCP_SAVE_SYN: " + errno_text(errno));
  return {};
}

std::optional<SavedSyn> take_saved_syn(int fd) {
  std::array<unsigned char, 256> packet{};
  socklen_t length = packet.size();
  if (::getsockopt(fd, IPPROTO_TCP, TCP_SAVED_SYN, packet.data(), &length) != 0 || length == 0)
    return std::nullopt;
  return parse_syn(packet.data(), length);
}

}  // namespace tcpctl::tcp
