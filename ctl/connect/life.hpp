// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/clock.hpp"
#include "ctl/connect/dial.hpp"
#include "tcp/info.hpp"

namespace tcpctl::ctl {

/// What `tcpctl connect` knows of its own socket: the facts that the daemon keeps of each of its connections,
/// by the same rules (docs/tcp-states.md) and in the same words. Threads: a plain value.
class Life {
 public:
  /// Words of the API: "syn_sent" "established" "first_byte_in" ... , "local" "remote" "unknown", "fin" "rst"
  /// "timeout" "abort", "peer_fin" "local_done" ...
  using Word = std::string_view;
  struct Close {
    std::optional<Word> first, reason;
    Word how{"abort"}, phase{"connect"};
    std::string detail;
  };

  /// Begins at this moment.
  Life() : opened_{now()}, opened_wall_{wall_now()} {}

  /// What was tried; the one that connected gives the time line's beginning, or the last where none did.
  void take(std::vector<Attempt> attempts);
  /// The ends and the handshake's round trip, of the socket that connected.
  void take_socket(int fd);

  /// Each event counts once, the first time. Moments never go back.
  void seen(Word event, Instant at);
  /// It must have happened, and nobody is told when.
  void inferred(Word event);
  [[nodiscard]] bool has(Word event) const;

  /// Whose FIN or RST came first; later ones change nothing.
  void note_first(Word first, Word how);
  void note_reason(Word reason, std::string_view detail);
  void add_detail(std::string_view words);

  [[nodiscard]] const Close& close() const { return close_; }
  [[nodiscard]] const std::vector<Attempt>& attempts() const { return attempts_; }
  [[nodiscard]] const Address& remote() const { return remote_; }
  [[nodiscard]] const Address& local() const { return local_; }
  /// From SYN to SYN+ACK, as this process saw it, and as the kernel measured it, in us.
  [[nodiscard]] std::optional<Duration> handshake() const;
  [[nodiscard]] std::optional<std::uint32_t> handshake_rtt() const { return handshake_rtt_us_; }

  /// As the API shows a connection; members that have no meaning here are null.
  [[nodiscard]] std::string json() const;

  std::uint64_t bytes_in{0}, bytes_out{0};
  std::vector<Address> resolved;
  std::string target;
  std::optional<tcp::Info> info;  // the last that was asked for
  std::string congestion;

 private:
  struct Entry {
    Word event;
    std::optional<Instant> at;  // none: inferred
  };
  [[nodiscard]] std::string wall(Instant at) const;
  [[nodiscard]] std::string timeline_json() const;
  [[nodiscard]] std::string attempts_json() const;
  [[nodiscard]] std::string tcp_json() const;
  [[nodiscard]] std::string close_json() const;
  [[nodiscard]] std::string_view state() const;

  Instant opened_;
  WallTime opened_wall_;
  Address local_, remote_;
  std::vector<Attempt> attempts_;
  std::vector<Entry> timeline_;
  Close close_;
  std::optional<std::uint32_t> handshake_rtt_us_;
};

}  // namespace tcpctl::ctl
