// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cerrno>
#include <charconv>
#include <utility>
#include <vector>

#include <grp.h>
#include <linux/filter.h>
#include <linux/tcp.h>
#include <netinet/in.h>
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

Result<gid_t> group_id(const std::string& name) {
  std::vector<char> buffer(16384);
  group entry{};
  group* found = nullptr;
  if (::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return fail(Errc::not_found, "unix_group '" + name + "': no such group");
  }
  return found->gr_gid;
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

Result<void> set_unix_rights(const std::string& path, const ListenOptions& options) {
  if (!options.unix_group.empty()) {
    const auto gid = group_id(options.unix_group);
    if (!gid) return tl::make_unexpected(gid.error());
    if (::lchown(path.c_str(), static_cast<uid_t>(-1), *gid) != 0) {
      return fail(Errc::io, "unix_group '" + options.unix_group + "': " + errno_text(errno));
    }
  }
  if (!options.unix_mode.empty()) {
    unsigned mode = 0;
    std::from_chars(options.unix_mode.data(), options.unix_mode.data() + options.unix_mode.size(), mode, 8);
    if (::chmod(path.c_str(), mode) != 0) return fail(Errc::io, "unix_mode: " + errno_text(errno));
  }
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

}  // namespace tcpctl::tcp
