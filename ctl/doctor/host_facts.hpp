// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace tcpctl::ctl::doctor {

/// Who may read a file, as far as it can be seen.
struct FileRights {
  mode_t mode;
  uid_t user;
  gid_t group;
};

/// The running daemon, as the kernel tells of a process.
struct ProcessFacts {
  std::uint64_t capabilities{0};  // effective
  bool is_root{false};
  bool has_no_new_privileges{false};
  bool has_seccomp{false};
};

/// What the host is like. What could not be read is not there, and nothing is said of it.
struct HostFacts {
  std::map<std::string, std::string, std::less<>> sysctls{};  // "net.core.somaxconn" -> "4096"
  std::optional<std::uint64_t> time_wait{};                   // sockets now
  std::optional<bool> clock_is_set{};                         // by NTP or the like
  std::map<std::string, std::optional<FileRights>> files{};   // by path; nothing: it is not there
  std::optional<gid_t> group{};                               // tcpctl's
  bool is_member{false};                                      // this process, of that group
  bool will_be_member{false};                                 // the user, at the next login
  std::string user{};
  bool is_root{false};  // this process
  bool has_systemd{false};
  bool has_unit{false};
  bool is_enabled{false};
  std::optional<ProcessFacts> daemon{};

  [[nodiscard]] std::optional<std::uint64_t> number(std::string_view sysctl) const;
  /// Of "32768 60999".
  [[nodiscard]] std::optional<std::pair<std::uint64_t, std::uint64_t>> range(std::string_view sysctl) const;
};

inline constexpr const char* kConfiguration = "/etc/tcpctl/tcpctld.toml";
inline constexpr const char* kRuntime = "/run/tcpctl";

/// Reads /proc, /etc and /run below `root` ("" in earnest, a made-up tree in tests), and of the daemon what
/// /proc says of `pid`, if that is one. Bounded; what is odd or cannot be read is left out.
/// Source: proc(5), sysctl(8), adjtimex(2).
[[nodiscard]] HostFacts read_host(const std::string& root, std::optional<std::uint64_t> pid);

/// Of the text of /proc/PID/status.
[[nodiscard]] ProcessFacts parse_process(std::string_view status);
/// The sockets in TIME_WAIT of the text of /proc/net/sockstat.
[[nodiscard]] std::optional<std::uint64_t> parse_time_wait(std::string_view sockstat);
/// The members of `group` in the text of /etc/group.
[[nodiscard]] std::vector<std::string> parse_members(std::string_view groups, std::string_view group);

}  // namespace tcpctl::ctl::doctor
