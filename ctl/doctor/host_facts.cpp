// SPDX-License-Identifier: Apache-2.0
#include "ctl/doctor/host_facts.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

namespace tcpctl::ctl::doctor {
namespace {

constexpr std::size_t kMostBytes = 64 * 1024;
constexpr std::string_view kGroup = "tcpctl";
constexpr std::array kSysctls{"net.core.somaxconn",
                              "net.ipv4.tcp_max_syn_backlog",
                              "net.ipv4.tcp_syncookies",
                              "net.ipv4.ip_local_port_range",
                              "net.ipv4.ip_local_reserved_ports",
                              "net.ipv4.ip_unprivileged_port_start",
                              "net.ipv4.tcp_tw_reuse",
                              "net.ipv4.tcp_max_tw_buckets",
                              "net.ipv4.tcp_fin_timeout",
                              "net.netfilter.nf_conntrack_count",
                              "net.netfilter.nf_conntrack_max"};

std::optional<std::string> text_of(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) return std::nullopt;
  std::string text(kMostBytes, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const auto begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

std::optional<std::uint64_t> number_of(std::string_view text, int base = 10) {
  text = trimmed(text);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

template <class Take>
void each_line(std::string_view text, Take take) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    take(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

/// "net.core.somaxconn" is /proc/sys/net/core/somaxconn.
std::string path_of(std::string_view sysctl) {
  std::string path{sysctl};
  std::ranges::replace(path, '.', '/');
  return "/proc/sys/" + path;
}

std::optional<FileRights> rights_of(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return FileRights{status.st_mode & 07777U, status.st_uid, status.st_gid};
}

bool is_there(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0;
}

std::optional<bool> is_clock_set() {
  timex clock{};
  const int state = ::adjtimex(&clock);
  if (state < 0) return std::nullopt;
  return state != TIME_ERROR && (clock.status & STA_UNSYNC) == 0;
}

std::string own_name() {
  const passwd* const entry = ::getpwuid(::getuid());  // NOLINT(concurrency-mt-unsafe): one thread
  return entry == nullptr ? fmt::format("{}", ::getuid()) : std::string{entry->pw_name};
}

bool is_own_group(gid_t group) {
  std::vector<gid_t> groups(static_cast<std::size_t>(std::max(0, ::getgroups(0, nullptr))));
  const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
  groups.resize(static_cast<std::size_t>(std::max(0, count)));
  return ::getegid() == group || std::ranges::find(groups, group) != groups.end();
}

void read_users(HostFacts& facts, const std::string& root) {
  facts.user = own_name();
  facts.is_root = ::geteuid() == 0;
  const group* const entry = ::getgrnam(kGroup.data());  // NOLINT(concurrency-mt-unsafe): one thread
  if (entry == nullptr) return;
  facts.group = entry->gr_gid;
  facts.is_member = is_own_group(entry->gr_gid);
  const auto members = parse_members(text_of(root + "/etc/group").value_or(""), kGroup);
  facts.will_be_member = std::ranges::find(members, facts.user) != members.end();
}

void read_process(HostFacts& facts, const std::string& folder) {
  const auto name = text_of(folder + "/comm");
  const auto status = text_of(folder + "/status");
  if (name && status && trimmed(*name) == "tcpctld") facts.daemon = parse_process(*status);
}

}  // namespace

std::optional<std::uint64_t> HostFacts::number(std::string_view sysctl) const {
  const auto found = sysctls.find(sysctl);
  return found == sysctls.end() ? std::nullopt : number_of(found->second);
}

std::optional<std::pair<std::uint64_t, std::uint64_t>> HostFacts::range(std::string_view sysctl) const {
  const auto found = sysctls.find(sysctl);
  if (found == sysctls.end()) return std::nullopt;
  const std::string_view text = found->second;
  const auto gap = text.find_first_of(" \t");
  if (gap == std::string_view::npos) return std::nullopt;
  const auto first = number_of(text.substr(0, gap)), last = number_of(text.substr(gap));
  if (!first || !last || *last < *first) return std::nullopt;
  return std::pair{*first, *last};
}

ProcessFacts parse_process(std::string_view status) {
  ProcessFacts facts;
  each_line(status, [&](std::string_view line) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return;
    const auto key = line.substr(0, colon), value = trimmed(line.substr(colon + 1));
    if (key == "CapEff") facts.capabilities = number_of(value, 16).value_or(0);
    if (key == "Uid") facts.is_root = number_of(value.substr(0, value.find_first_of(" \t"))) == 0U;
    if (key == "NoNewPrivs") facts.has_no_new_privileges = value == "1";
    if (key == "Seccomp") facts.has_seccomp = number_of(value).value_or(0) > 0;
  });
  return facts;
}

std::optional<std::uint64_t> parse_time_wait(std::string_view sockstat) {
  constexpr std::string_view kMark = " tw ";
  std::optional<std::uint64_t> found;
  each_line(sockstat, [&](std::string_view line) {
    const auto at = line.find(kMark);
    if (!line.starts_with("TCP:") || at == std::string_view::npos) return;
    const auto rest = line.substr(at + kMark.size());
    found = number_of(rest.substr(0, rest.find(' ')));
  });
  return found;
}

std::vector<std::string> parse_members(std::string_view groups, std::string_view group) {
  std::vector<std::string> members;
  each_line(groups, [&](std::string_view line) {
    if (!line.starts_with(group) || line.substr(group.size(), 1) != ":") return;
    auto names = line.substr(line.rfind(':') + 1);
    while (!names.empty()) {
      const auto end = std::min(names.find(','), names.size());
      members.emplace_back(trimmed(names.substr(0, end)));
      names.remove_prefix(std::min(end + 1, names.size()));
    }
  });
  return members;
}

HostFacts read_host(const std::string& root, std::optional<std::uint64_t> pid) {
  HostFacts facts;
  for (const char* const name : kSysctls) {
    if (const auto text = text_of(root + path_of(name))) facts.sysctls.emplace(name, trimmed(*text));
  }
  if (const auto text = text_of(root + "/proc/net/sockstat")) facts.time_wait = parse_time_wait(*text);
  facts.clock_is_set = is_clock_set();
  for (const char* const path : {kConfiguration, kRuntime}) facts.files[path] = rights_of(root + path);
  read_users(facts, root);
  facts.has_systemd = is_there(root + "/run/systemd/system");
  facts.has_unit = is_there(root + "/lib/systemd/system/tcpctld.service") ||
                   is_there(root + "/etc/systemd/system/tcpctld.service");
  facts.is_enabled = is_there(root + "/etc/systemd/system/multi-user.target.wants/tcpctld.service");
  if (pid) read_process(facts, fmt::format("{}/proc/{}", root, *pid));
  return facts;
}

}  // namespace tcpctl::ctl::doctor
