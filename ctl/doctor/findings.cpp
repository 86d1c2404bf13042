// SPDX-License-Identifier: Apache-2.0
#include "ctl/doctor/findings.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/address.hpp"

namespace tcpctl::ctl::doctor {
namespace {

using Level = Finding::Level;
using Findings = std::vector<Finding>;

constexpr std::uint64_t kCapNetBindService = 1U << 10U;  // linux/capability.h
constexpr double kNearlyAll = 0.8;
constexpr std::uint64_t kFewFiles = 65'536;
constexpr const char* kRestart = "sudo systemctl restart tcpctld";

/// For now and for after the next boot.
std::string set_sysctl(std::string_view name, std::string_view value) {
  return fmt::format("echo '{} = {}' | sudo tee -a /etc/sysctl.d/60-tcpctl.conf && sudo sysctl --system",
                     name, value);
}

std::string drop_in(std::string_view section) {
  return fmt::format("sudo systemctl edit tcpctld, with [Service] {}; then {}", section, kRestart);
}

/// The word behind "listener " or "client " of a problem.
std::string object_of(const std::string& text, std::string_view noun) {
  const auto rest = text.substr(noun.size() + 1);
  return rest.substr(0, rest.find_first_of(": "));
}

std::string remedy_of(const std::string& problem) {
  for (const std::string_view noun : {"listener", "client"}) {
    if (problem.starts_with(fmt::format("{} ", noun)))
      return fmt::format("tcpctl {} show {}", noun, object_of(problem, noun));
  }
  if (problem.starts_with("the last reload")) return "tcpctl config check && sudo systemctl reload tcpctld";
  return "journalctl -u tcpctld";
}

void of_daemon(Findings& found, const HostFacts& host, const DaemonFacts& daemon) {
  if (daemon.failure) {
    const bool is_barred = daemon.failure->exit == Exit::not_allowed;
    const bool is_down = daemon.failure->exit == Exit::unreachable;
    found.push_back({Level::problem, "daemon", daemon.failure->line,
                     is_barred                  ? ""
                     : is_down && host.has_unit ? "sudo systemctl start tcpctld"
                                                : "journalctl -u tcpctld"});
    return;
  }
  const auto version = daemon.status.text("version").value_or("-");
  found.push_back({Level::ok, "daemon", fmt::format("tcpctld {} answers at {}", version, daemon.host)});
  if (version != TCPCTL_VERSION) {
    found.push_back({Level::advice, "version",
                     fmt::format("tcpctl is {}, the daemon that runs is {}", TCPCTL_VERSION, version),
                     kRestart});
  }
  for (const auto& [serious, text] : daemon.problems)
    found.push_back({serious ? Level::problem : Level::advice, "state", text, remedy_of(text)});
  if (daemon.problems.empty())
    found.push_back({Level::ok, "state", "listeners, upstreams and clients are well"});
}

void of_unit(Findings& found, const HostFacts& host) {
  if (!host.has_systemd || !host.has_unit) return;
  if (host.is_enabled) {
    found.push_back({Level::ok, "unit", "tcpctld.service starts at boot"});
  } else {
    found.push_back(
        {Level::advice, "unit", "tcpctld.service does not start at boot", "sudo systemctl enable tcpctld"});
  }
}

void of_caller(Findings& found, const HostFacts& host) {
  if (host.is_root || !host.group || host.is_member) return;
  if (host.will_be_member) {
    found.push_back({Level::advice, "group",
                     fmt::format("{} is in the group tcpctl, but was not at login: log in again", host.user),
                     "newgrp tcpctl"});
  } else {
    found.push_back(
        {Level::advice, "group",
         fmt::format("{} is not in the group tcpctl, which may look at the daemon and steer it", host.user),
         fmt::format("sudo adduser {} tcpctl, and log in again", host.user)});
  }
}

void of_configuration(Findings& found, const HostFacts& host) {
  const auto file = host.files.find(kConfiguration);
  if (file == host.files.end() || !file->second) return;
  const FileRights& rights = *file->second;
  constexpr mode_t kGroupReads = 0040, kOthersRead = 0004;
  const bool daemon_reads =
      (rights.mode & kOthersRead) != 0 || (host.group == rights.group && (rights.mode & kGroupReads) != 0);
  const auto remedy = fmt::format("sudo chown root:tcpctl {0} && sudo chmod 0640 {0}", kConfiguration);
  if (host.group && !daemon_reads) {
    found.push_back(
        {Level::problem, "permissions",
         fmt::format("the daemon's user cannot read {} (mode {:04o})", kConfiguration, rights.mode), remedy});
  } else if ((rights.mode & kOthersRead) != 0) {
    found.push_back({Level::advice, "permissions",
                     fmt::format("everybody can read {} (mode {:04o}), which may hold passwords and tokens",
                                 kConfiguration, rights.mode),
                     remedy});
  } else {
    found.push_back({Level::ok, "permissions", fmt::format("{} is for root and the daemon", kConfiguration)});
  }
}

void of_runtime(Findings& found, const HostFacts& host) {
  const auto folder = host.files.find(kRuntime);
  if (!host.has_unit || folder == host.files.end() || folder->second) return;
  found.push_back({Level::problem, "permissions",
                   fmt::format("{} is missing, where the API's socket is made", kRuntime),
                   "sudo systemd-tmpfiles --create tcpctl.conf"});
}

struct Port {
  std::string listener;
  std::uint64_t port;
};

std::vector<Port> ports_of(const std::vector<Json>& listeners) {
  std::vector<Port> ports;
  for (const auto& listener : listeners) {
    for (const auto& address : listener.items("addresses")) {
      const auto bound = address.text("bound").value_or("");
      const auto wanted = parse_ip_port(bound.empty() ? address.text("configured").value_or("") : bound);
      if (wanted && wanted->port() != 0)
        ports.push_back({listener.text("name").value_or("-"), wanted->port()});
    }
  }
  return ports;
}

void of_sandbox(Findings& found, const HostFacts& host, const DaemonFacts& daemon) {
  if (!host.daemon) return;
  const ProcessFacts& process = *host.daemon;
  const auto start = host.number("net.ipv4.ip_unprivileged_port_start").value_or(1024);
  for (const auto& [listener, port] : ports_of(daemon.listeners)) {
    if (port >= start || process.is_root || (process.capabilities & kCapNetBindService) != 0) continue;
    found.push_back({Level::problem, "capabilities",
                     fmt::format("listener {} wants port {}, and the daemon may not bind ports below {}",
                                 listener, port, start),
                     drop_in("AmbientCapabilities=CAP_NET_BIND_SERVICE")});
  }
  if (process.is_root) {
    found.push_back({Level::advice, "sandbox",
                     "the daemon runs as root, and needs nothing of what root may do",
                     "sudo systemctl enable --now tcpctld"});
  } else if (!process.has_no_new_privileges || !process.has_seccomp) {
    found.push_back({Level::advice, "sandbox", "the daemon runs without the sandbox of its unit",
                     "systemctl cat tcpctld"});
  } else {
    found.push_back({Level::ok, "sandbox", "the daemon runs unprivileged and in its sandbox"});
  }
}

void of_files(Findings& found, const DaemonFacts& daemon) {
  const auto files = daemon.status.count("limits.file_limit");
  const auto connections = daemon.status.count("limits.max_connections");
  if (!files || !connections) return;
  if (*files < kFewFiles) {
    found.push_back(
        {Level::advice, "files",
         fmt::format("the daemon may have {} files open, so {} sockets of connections", *files, *connections),
         drop_in("LimitNOFILE=1048576")});
  } else {
    found.push_back(
        {Level::ok, "files", fmt::format("{} files, {} sockets of connections", *files, *connections)});
  }
}

struct Least {
  const char* check;
  const char* sysctl;
  std::uint64_t least;
  const char* effect;
};
constexpr std::array kLeasts{
    Least{"somaxconn", "net.core.somaxconn", 4096,
          "no queue of a listener is longer, whatever its backlog says; who comes beyond it tries again "
          "after 1 s"},
    Least{"syn backlog", "net.ipv4.tcp_max_syn_backlog", 1024,
          "more handshakes at once fall back on SYN cookies, which know fewer TCP options"},
    Least{"syncookies", "net.ipv4.tcp_syncookies", 1,
          "without SYN cookies a flood of SYNs from forged addresses shuts everybody else out"},
};

void of_leasts(Findings& found, const HostFacts& host) {
  for (const auto& [check, sysctl, least, effect] : kLeasts) {
    const auto value = host.number(sysctl);
    if (!value) continue;
    if (*value < least) {
      found.push_back({Level::advice, check, fmt::format("{} is {}: {}", sysctl, *value, effect),
                       set_sysctl(sysctl, fmt::format("{}", least))});
    } else {
      found.push_back({Level::ok, check, fmt::format("{} is {}", sysctl, *value)});
    }
  }
}

/// Of "8080,9000-9010".
bool is_reserved(std::string_view reserved, std::uint64_t port) {
  while (!reserved.empty()) {
    const auto end = std::min(reserved.find(','), reserved.size());
    const auto part = reserved.substr(0, end);
    std::uint64_t first = 0;
    const auto [after, error] = std::from_chars(part.data(), part.data() + part.size(), first);
    std::uint64_t last = first;
    if (error == std::errc{} && after != part.data() + part.size() && *after == '-')
      std::from_chars(after + 1, part.data() + part.size(), last);
    if (error == std::errc{} && port >= first && port <= last) return true;
    reserved.remove_prefix(std::min(end + 1, reserved.size()));
  }
  return false;
}

void of_ports(Findings& found, const HostFacts& host, const DaemonFacts& daemon) {
  constexpr const char* kRange = "net.ipv4.ip_local_port_range";
  constexpr const char* kReserved = "net.ipv4.ip_local_reserved_ports";
  constexpr std::uint64_t kUsual = 28'000;
  const auto range = host.range(kRange);
  if (!range) return;
  const auto [first, last] = *range;
  const std::uint64_t ports = last - first + 1;
  const bool connects = !daemon.clients.empty() || std::ranges::any_of(daemon.listeners, [](const Json& one) {
    return one.text("service") == "forward";
  });
  if (connects && ports < kUsual) {
    found.push_back({Level::advice, "ports",
                     fmt::format("{} has {} ports: no more connections at once to one address of an upstream",
                                 kRange, ports),
                     set_sysctl(kRange, "10240 65535")});
  } else {
    found.push_back({Level::ok, "ports", fmt::format("{} ports for connections to one address", ports)});
  }
  const auto reserved = host.sysctls.find(kReserved);
  const std::string_view kept = reserved == host.sysctls.end() ? std::string_view{} : reserved->second;
  for (const auto& [listener, port] : ports_of(daemon.listeners)) {
    if (port < first || port > last || is_reserved(kept, port)) continue;
    found.push_back(
        {Level::advice, "ports",
         fmt::format("the port {} of listener {} is one of those for outgoing connections ({}-{}): "
                     "one of them may have it when the daemon starts",
                     port, listener, first, last),
         set_sysctl(kReserved, fmt::format("{}{}{}", kept, kept.empty() ? "" : ",", port))});
  }
}

void of_time_wait(Findings& found, const HostFacts& host) {
  constexpr const char* kMost = "net.ipv4.tcp_max_tw_buckets";
  constexpr const char* kReuse = "net.ipv4.tcp_tw_reuse";
  constexpr const char* kFin = "net.ipv4.tcp_fin_timeout";
  constexpr std::uint64_t kUsualFin = 60;
  const auto most = host.number(kMost);
  if (host.time_wait && most) {
    const bool is_full = static_cast<double>(*host.time_wait) >= kNearlyAll * static_cast<double>(*most);
    found.push_back({is_full ? Level::advice : Level::ok, "time-wait",
                     fmt::format("{} sockets in TIME-WAIT of at most {}{}", *host.time_wait, *most,
                                 is_full ? "; beyond that the kernel cuts the state short" : ""),
                     is_full ? set_sysctl(kMost, fmt::format("{}", *most * 2)) : ""});
  }
  const auto range = host.range("net.ipv4.ip_local_port_range");
  const bool are_scarce = range && host.time_wait && *host.time_wait * 2 > range->second - range->first;
  if (host.number(kReuse) == 0U && are_scarce) {
    found.push_back(
        {Level::advice, "time-wait",
         fmt::format("{} is 0: connections to upstreams wait for ports that are in TIME-WAIT", kReuse),
         set_sysctl(kReuse, "1")});
  }
  if (const auto fin = host.number(kFin); fin.value_or(0) > kUsualFin) {
    found.push_back({Level::advice, "time-wait",
                     fmt::format("{} is {} s: sockets whose peer never closes are kept as long", kFin, *fin),
                     set_sysctl(kFin, "60")});
  }
}

void of_conntrack(Findings& found, const HostFacts& host) {
  constexpr const char* kMost = "net.netfilter.nf_conntrack_max";
  const auto count = host.number("net.netfilter.nf_conntrack_count"), most = host.number(kMost);
  if (!count || !most || *most == 0) return;
  const bool is_full = static_cast<double>(*count) >= kNearlyAll * static_cast<double>(*most);
  found.push_back({is_full ? Level::problem : Level::ok, "conntrack",
                   fmt::format("{} connections tracked of at most {}{}", *count, *most,
                               is_full ? "; beyond that the kernel drops packets" : ""),
                   is_full ? set_sysctl(kMost, fmt::format("{}", *most * 2)) : ""});
}

void of_clock(Findings& found, const HostFacts& host) {
  if (!host.clock_is_set) return;
  if (*host.clock_is_set) {
    found.push_back({Level::ok, "clock", "the clock is synchronised"});
  } else {
    found.push_back({Level::advice, "clock",
                     "the clock is not synchronised: times in logs and time lines may be off",
                     "sudo timedatectl set-ntp true"});
  }
}

}  // namespace

std::string_view text(Finding::Level level) {
  switch (level) {
    case Level::ok:
      return "ok";
    case Level::advice:
      return "advice";
    case Level::problem:
      return "problem";
  }
  return "";
}

std::vector<Finding> findings(const HostFacts& host, const DaemonFacts& daemon) {
  Findings found;
  of_daemon(found, host, daemon);
  of_unit(found, host);
  of_caller(found, host);
  of_configuration(found, host);
  of_runtime(found, host);
  of_sandbox(found, host, daemon);
  of_files(found, daemon);
  of_leasts(found, host);
  of_ports(found, host, daemon);
  of_time_wait(found, host);
  of_conntrack(found, host);
  of_clock(found, host);
  return found;
}

}  // namespace tcpctl::ctl::doctor
