// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tcp/socket.hpp"

namespace tcpctl::tcp {
namespace {

tl::unexpected<Error> failed(const Address& address, const std::string& why) {
  return fail(Errc::io, "cannot listen on " + address.text() + ": " + why);
}

tl::unexpected<Error> not_bound(const Address& address, int error_number) {
  auto error = failed(address, errno_text(error_number)).value();
  if (error_number == EADDRINUSE) error.code = Errc::already_exists;
  return tl::make_unexpected(std::move(error));
}

// A socket file stays behind when its owner dies. Whether one still answers shows by connecting to it.
bool is_stale_socket(const Address& address) {
  struct stat status{};
  if (::lstat(address.host().c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return false;
  auto trial = connect_to(address, {});
  if (!trial) return false;
  if (trial->error != ECONNREFUSED) return false;
  // connect_to answers ECONNREFUSED for a full backlog as well; only a dead file has nobody listening at all.
  sockaddr_storage storage{};
  const socklen_t length = address.to(storage);
  const Fd again{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  return again && ::connect(again.get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0 &&
         errno == ECONNREFUSED;
}

/// 0 where a socket may be bound to `path`, else the errno of bind(2).
int obstacle_at(const Address& address) {
  const std::string path = address.host();
  const auto slash = path.rfind('/');
  const std::string folder =
      slash == std::string::npos ? "." : path.substr(0, std::max(slash, std::size_t{1}));
  struct stat status{};
  if (::stat(folder.c_str(), &status) != 0) return errno;
  if (!S_ISDIR(status.st_mode)) return ENOTDIR;
  if (::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0) return errno;
  if (::lstat(path.c_str(), &status) != 0) return errno == ENOENT ? 0 : errno;
  return is_stale_socket(address) ? 0 : EADDRINUSE;
}

Result<gid_t> group_id(const std::string& name) {
  std::vector<char> buffer(16384);
  group entry{};
  group* found = nullptr;
  if (::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return fail(Errc::not_found, "unix_group '" + name + "': no such group");
  }
  return found->gr_gid;
}

/// Answers as chown(2) does. A file that has the group already is left alone: the systemd unit forbids that
/// call, and to the daemon's own group nothing need be given.
int set_group(const std::string& path, gid_t gid) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) == 0 && status.st_gid == gid) return 0;
  return ::lchown(path.c_str(), static_cast<uid_t>(-1), gid);
}

/// As above.
int set_group(int fd, gid_t gid) {
  struct stat status{};
  if (::fstat(fd, &status) == 0 && status.st_gid == gid) return 0;
  return ::fchown(fd, static_cast<uid_t>(-1), gid);
}

/// What `change`, chown(2) of one kind or another, answers for the group of that name.
template <class Change>
Result<void> give_to_group(const std::string& name, Change change) {
  const auto gid = group_id(name);
  if (!gid) return tl::make_unexpected(gid.error());
  if (change(*gid) == 0) return {};
  return fail(Errc::io, "unix_group '" + name + "': " + errno_text(errno));
}

unsigned mode_of(const std::string& octal) {
  unsigned mode = 0;
  std::from_chars(octal.data(), octal.data() + octal.size(), mode, 8);
  return mode;
}

Result<void> set_unix_rights(const std::string& path, const ListenOptions& options) {
  if (!options.unix_group.empty()) {
    auto done = give_to_group(options.unix_group, [&](gid_t gid) { return set_group(path, gid); });
    if (!done) return done;
  }
  if (options.unix_mode.empty() || ::chmod(path.c_str(), mode_of(options.unix_mode)) == 0) return {};
  return fail(Errc::io, "unix_mode: " + errno_text(errno));
}

/// Reading it by umask(2) would change it for all threads. Source: proc(5), since Linux 4.7.
unsigned umask_of_process() {
  constexpr std::string_view kKey = "Umask:\t";
  std::ifstream status{"/proc/self/status"};
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(kKey)) return mode_of(line.substr(kKey.size()));
  }
  constexpr unsigned kUsual = 022;
  return kUsual;
}

/// In a folder with the set-group-ID bit, files have its group. Source: inode(7).
gid_t group_of_new_file(const std::string& path) {
  struct stat folder{};
  const auto parent = std::filesystem::path{path}.parent_path();
  const bool is_given =
      ::stat(parent.empty() ? "." : parent.c_str(), &folder) == 0 && (folder.st_mode & S_ISGID) != 0;
  return is_given ? folder.st_gid : ::getegid();
}

Result<void> prepare_inet(int fd, const Address& address, const Options& options) {
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.family() == AF_INET6) ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  // Accepted sockets inherit all of these, which spares calls per connection.
  set_nodelay(fd);
  ::setsockopt(fd, IPPROTO_TCP, TCP_SAVE_SYN, &on, sizeof on);
  return apply(options, fd);
}

template <std::size_t Size>
void attach(std::array<sock_filter, Size> code, int fd) {
  const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  ::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

}  // namespace

void take_only(Taken what, int listening) {
  if (what == Taken::nothing) {
    attach(std::array{sock_filter{BPF_RET | BPF_K, 0, 0, 0}}, listening);
    return;
  }
  // A filter sees the segment from its TCP header on; byte 13 has the flags: RFC 9293 section 3.1.
  constexpr std::uint32_t kFlags = 13, kSyn = 0x02, kAck = 0x10;
  attach(std::array{sock_filter{BPF_LD | BPF_B | BPF_ABS, 0, 0, kFlags},
                    sock_filter{BPF_ALU | BPF_AND | BPF_K, 0, 0, kSyn | kAck},
                    sock_filter{BPF_JMP | BPF_JEQ | BPF_K, 0, 1, kSyn}, sock_filter{BPF_RET | BPF_K, 0, 0, 0},
                    sock_filter{BPF_RET | BPF_K, 0, 0, UINT32_MAX}},
         listening);
}

void forget_syns(int listening) {
  const int off = 0;
  ::setsockopt(listening, IPPROTO_TCP, TCP_SAVE_SYN, &off, sizeof off);
}

void take_all_segments(int fd) {
  const int unused = 0;
  ::setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused);
}

Result<void> reset_unix_rights(const std::string& path, const ListenOptions& options) {
  if (options.unix_group.empty() && set_group(path, group_of_new_file(path)) != 0)
    return fail(Errc::io, "unix_group: " + errno_text(errno));
  constexpr unsigned kAll = 0777;
  if (options.unix_mode.empty() && ::chmod(path.c_str(), kAll & ~umask_of_process()) != 0)
    return fail(Errc::io, "unix_mode: " + errno_text(errno));
  return set_unix_rights(path, options);
}

Result<void> try_options(int family, const ListenOptions& options) {
  if (family == AF_UNIX) {
    if (options.unix_group.empty()) return {};
    const Fd trial{::memfd_create("unix_group", MFD_CLOEXEC)};  // a file of the daemon's own, in no folder
    return give_to_group(options.unix_group, [&](gid_t gid) { return set_group(trial.get(), gid); });
  }
  const Fd trial{::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!trial) return fail(Errc::io, "socket: " + errno_text(errno));
  return apply(options.inherited, trial.get());
}

Result<void> try_unix_path(const Address& address, const ListenOptions& options) {
  if (const int error = obstacle_at(address); error != 0) return not_bound(address, error);
  if (auto done = try_options(AF_UNIX, options); !done) return failed(address, done.error().what);
  return {};
}

Result<Fd> bind_to(const Address& address, const ListenOptions& options) {
  Fd fd{::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!fd) return failed(address, errno_text(errno));
  if (address.is_unix()) {
    if (is_stale_socket(address)) ::unlink(address.host().c_str());
  } else if (auto done = prepare_inet(fd.get(), address, options.inherited); !done) {
    return failed(address, done.error().what);
  }
  sockaddr_storage storage{};
  const socklen_t length = address.to(storage);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0) {
    return not_bound(address, errno);
  }
  if (address.is_unix()) {
    if (auto done = set_unix_rights(address.host(), options); !done) {
      ::unlink(address.host().c_str());
      return failed(address, done.error().what);
    }
  }
  return fd;
}

Result<Fd> listen_on(const Address& address, const ListenOptions& options) {
  auto fd = bind_to(address, options);
  // Only now the kernel says that another socket, which had not listened yet, was the first to.
  if (fd && ::listen(fd->get(), options.backlog) != 0) return not_bound(address, errno);
  return fd;
}

Result<void> listen_anew(int fd, const Address& address, const ListenOptions& options) {
  auto done =
      address.is_unix() ? reset_unix_rights(address.host(), options) : apply_anew(options.inherited, fd);
  if (!done) return failed(address, done.error().what);
  if (::listen(fd, options.backlog) != 0) return not_bound(address, errno);
  return {};
}

}  // namespace tcpctl::tcp
