// SPDX-License-Identifier: Apache-2.0
#include "api/sockets.hpp"

#include <cerrno>
#include <filesystem>

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/access.hpp"
#include "base/log.hpp"

namespace tcpctl::api {
namespace {

constexpr int kBacklog = 128;
constexpr mode_t kSocketMode = 0660;
constexpr const char* kSocketGroup = "tcpctl";

tl::unexpected<Error> system_failure(const std::string& what) {
  const int number = errno;
  const auto code = number == EACCES || number == EPERM ? Errc::denied : Errc::io;
  return fail(code, fmt::format("{}: {}", what, errno_text(number)));
}

/// Without its folder there is no socket: the package makes it, a daemon started by hand may not have it.
tl::unexpected<Error> socket_failure(const std::string& path) {
  if (errno != ENOENT) return system_failure(path);
  const std::string folder = std::filesystem::path{path}.parent_path();
  return fail(
      Errc::not_found,
      fmt::format("{}: the folder {} does not exist; make it (the package does it by 'systemd-tmpfiles "
                  "--create'), or set api.socket to a path in a folder that exists",
                  path, folder));
}

Fd stream_socket(int family) { return Fd{::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)}; }

/// Makes room at `path`: a left-over socket goes, anything else stays and is an error.
Result<void> remove_stale(const std::string& path, const sockaddr* address, socklen_t length) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return system_failure(path);
  }
  if (!S_ISSOCK(status.st_mode)) return fail(Errc::conflict, path + ": exists and is no socket");
  const Fd probe = stream_socket(AF_UNIX);
  if (!probe) return system_failure("socket");
  // A full backlog (EAGAIN) is an answer too.
  if (::connect(probe.get(), address, length) == 0 || errno != ECONNREFUSED) {
    if (errno == EACCES || errno == EPERM) return system_failure(path);
    return fail(Errc::conflict, path + ": another daemon answers there");
  }
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return system_failure(path);
  return {};
}

/// Nobody can connect before listen(2), so that these steps leave no moment in which too many could.
/// `current` is the group that the file has: under systemd it is the right one, and chown(2) forbidden.
void give_to_group(const std::string& path, gid_t current) {
  std::string why;
  const auto group = find_group(kSocketGroup);
  if (!group) {
    why = "there is no such group";
  } else if (*group != current && ::lchown(path.c_str(), static_cast<uid_t>(-1), *group) != 0) {
    why = errno_text(errno);
  }
  if (!why.empty()) {
    log::warn("api.socket.group", log::f("socket", path), log::f("group", kSocketGroup), log::f("why", why),
              log::f("effect", "the socket keeps the daemon's own group"));
  }
}

}  // namespace

Result<ListenSocket> ListenSocket::open_unix(const std::string& path) {
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    return fail(Errc::invalid_argument,
                fmt::format("{}: longer than {} bytes, which is all a Unix socket may have", path,
                            sizeof(sockaddr_un::sun_path) - 1));
  }
  const auto address = Address::unix_path(path);
  sockaddr_storage storage{};
  const auto length = address.to(storage);
  const auto* const where = reinterpret_cast<const sockaddr*>(&storage);
  if (auto room = remove_stale(path, where, length); !room)
    return tl::make_unexpected(std::move(room).error());

  ListenSocket socket{stream_socket(AF_UNIX), address};
  if (socket.fd() < 0) return system_failure("socket");
  // The file inherits the mode of the socket, less the umask: never more than 0660, not even for a moment.
  if (::fchmod(socket.fd(), kSocketMode) != 0) return system_failure(path);
  if (::bind(socket.fd(), where, length) != 0) return socket_failure(path);
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return system_failure(path);
  socket.file_ = {status.st_dev, status.st_ino};
  give_to_group(path, status.st_gid);
  if (::chmod(path.c_str(), kSocketMode) != 0) return system_failure(path);
  if (::listen(socket.fd(), kBacklog) != 0) return system_failure(path);
  return socket;
}

ListenSocket ListenSocket::passed(Fd fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&storage), &length);
  return ListenSocket{std::move(fd), Address::from(storage, length)};
}

Result<ListenSocket> ListenSocket::open_tcp(const std::string& text, bool loopback_only) {
  const auto address = parse_ip_port(text);
  if (!address) return tl::make_unexpected(address.error());
  if (loopback_only && !address->is_loopback()) {
    return fail(Errc::invalid_argument,
                fmt::format("'{}' is not a loopback address; write 127.0.0.1:PORT or [::1]:PORT", text));
  }
  sockaddr_storage storage{};
  socklen_t length = address->to(storage);
  auto* const where = reinterpret_cast<sockaddr*>(&storage);
  Fd fd = stream_socket(address->family());
  if (!fd) return system_failure("socket");
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address->family() == AF_INET6) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (::bind(fd.get(), where, length) != 0) return system_failure(text);
  if (::listen(fd.get(), kBacklog) != 0) return system_failure(text);
  length = sizeof storage;
  if (::getsockname(fd.get(), where, &length) != 0) return system_failure(text);
  return ListenSocket{std::move(fd), Address::from(storage, length)};
}

ListenSocket::~ListenSocket() {
  if (!fd_ || file_.inode == 0) return;
  const auto path = bound_.host();
  struct stat status{};
  const bool ours =
      ::lstat(path.c_str(), &status) == 0 && status.st_dev == file_.device && status.st_ino == file_.inode;
  if (ours) ::unlink(path.c_str());
}

Peer peer_of(int fd, Door door, const Address& remote) {
  Peer peer;
  peer.door = door;
  peer.remote = remote;
  if (door != Door::unix_socket) return peer;
  ucred credentials{};
  socklen_t length = sizeof credentials;
  // Nobody is what an unknown caller is: the overflow uid has no role unless one is given to it.
  peer.uid = static_cast<uid_t>(-1);
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) return peer;
  peer.pid = credentials.pid;
  peer.uid = credentials.uid;
  length = 0;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, nullptr, &length) != 0 && errno == ERANGE) {
    peer.groups.resize(length / sizeof(gid_t));
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, peer.groups.data(), &length) != 0) peer.groups.clear();
  }
  peer.groups.push_back(credentials.gid);
  return peer;
}

}  // namespace tcpctl::api
