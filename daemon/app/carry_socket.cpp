// SPDX-License-Identifier: Apache-2.0
// How a Carry goes from one process to the next.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/carry.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace tcpctl {
namespace {

constexpr std::size_t kMostFds = 253;  // in one message: SCM_MAX_FD of the kernel
constexpr int kBuffer = 4 * 1024 * 1024;

tl::unexpected<Error> failed(std::string_view call) {
  return fail(Errc::io, fmt::format("{}: {}", call, errno_text(errno)));
}

/// The text is no message, for all messages together must fit into the socket's buffer.
Result<Fd> file_of(const std::string& text) {
  Fd file{::memfd_create("tcpctl-carry", MFD_CLOEXEC)};
  if (!file) return failed("memfd_create");
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t wrote = ::write(file.get(), text.data() + written, text.size() - written);
    if (wrote < 0) return failed("write");
    written += static_cast<std::size_t>(wrote);
  }
  return file;
}

Result<std::string> text_of(const Fd& file) {
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return failed("fstat");
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t got = 0;
  while (got < text.size()) {
    const ssize_t read = ::pread(file.get(), text.data() + got, text.size() - got, static_cast<off_t>(got));
    if (read <= 0) return failed("pread");
    got += static_cast<std::size_t>(read);
  }
  return text;
}

/// One message that carries `fds`, with a byte of its own, for one without a byte is the end of a stream.
struct Message {
  explicit Message(std::size_t fds) : header{} {
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = CMSG_SPACE(fds * sizeof(int));
  }
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;
  ~Message() = default;

  char byte{'c'};
  iovec vector{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostFds * sizeof(int))> control{};
  msghdr header;
};

bool send_fds(int socket, std::span<const int> fds) {
  Message message{fds.size()};
  cmsghdr* const part = CMSG_FIRSTHDR(&message.header);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(fds.size_bytes());
  std::memcpy(CMSG_DATA(part), fds.data(), fds.size_bytes());
  return ::sendmsg(socket, &message.header, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

/// False at the end.
bool receive_fds(int socket, std::vector<Fd>& fds) {
  Message message{kMostFds};
  if (::recvmsg(socket, &message.header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) <= 0) return false;
  for (cmsghdr* part = CMSG_FIRSTHDR(&message.header); part != nullptr;
       part = CMSG_NXTHDR(&message.header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    std::vector<int> numbers((part->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    std::memcpy(numbers.data(), CMSG_DATA(part), numbers.size() * sizeof(int));
    for (const int number : numbers) fds.emplace_back(number);
  }
  return true;
}

std::vector<int> sockets_of(const Carry& carry) {
  std::vector<int> sockets;
  for (const auto& session : carry.sessions) {
    sockets.push_back(session.leg.fd.get());
    if (session.upstream) sockets.push_back(session.upstream->fd.get());
  }
  return sockets;
}

}  // namespace

Result<Fd> put_carry(Carry carry) {
  std::array<int, 2> pair{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) != 0) return failed("socketpair");
  const Fd near{pair[0]};
  Fd far{pair[1]};
  ::setsockopt(near.get(), SOL_SOCKET, SO_SNDBUF, &kBuffer, sizeof kBuffer);
  const auto file = file_of(write_carry(carry));
  if (!file) return tl::make_unexpected(file.error());
  if (!send_fds(near.get(), std::array{file->get()})) return failed("sendmsg");
  const std::vector<int> sockets = sockets_of(carry);
  std::span<const int> rest{sockets};
  while (!rest.empty()) {
    const auto next = rest.first(std::min(rest.size(), kMostFds));
    if (!send_fds(near.get(), next)) {
      log::error("restart.not_kept", log::f("sockets", rest.size()), log::f("error", errno_text(errno)),
                 log::f("effect", "they are closed; a higher LimitNOFILE= of the unit may have room"));
      break;
    }
    rest = rest.subspan(next.size());
  }
  return far;
}

Result<Carry> take_carry(Fd end) {
  std::vector<Fd> first, sockets;
  if (!receive_fds(end.get(), first) || first.size() != 1) return fail(Errc::invalid_argument, "it is empty");
  while (receive_fds(end.get(), sockets)) {
  }
  const auto text = text_of(first.front());
  if (!text) return tl::make_unexpected(text.error());
  return read_carry(*text, std::move(sockets));
}

}  // namespace tcpctl
