// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "api/http_request.hpp"
#include "base/address.hpp"
#include "base/error.hpp"
#include "base/fd.hpp"

namespace tcpctl::api {

/// A listening socket of the API and where it is bound. The file of a Unix socket goes when this goes.
class ListenSocket {
 public:
  /// Mode 0660 and the group `tcpctl`; where there is no such group or it cannot be given, one warning says
  /// that the socket keeps the daemon's own. A socket file on which nobody answers is replaced.
  /// Errors: invalid_argument (path), conflict (somebody answers there, or it is no socket), io.
  [[nodiscard]] static Result<ListenSocket> open_unix(const std::string& path);
  /// A Unix socket that listens already, and whose file is its maker's.
  [[nodiscard]] static ListenSocket passed(Fd fd);
  /// A literal address; port 0 takes a free one. Errors: invalid_argument, io, with errno's words.
  [[nodiscard]] static Result<ListenSocket> open_tcp(const std::string& address, bool loopback_only);

  ListenSocket(ListenSocket&&) = default;
  ListenSocket& operator=(ListenSocket&&) = delete;
  ~ListenSocket();

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const Address& bound() const { return bound_; }

 private:
  struct File {  // which file we made: another daemon's is left alone
    dev_t device;
    ino_t inode;
  };
  ListenSocket(Fd fd, Address bound) : fd_{std::move(fd)}, bound_{std::move(bound)} {}

  Fd fd_;
  Address bound_;
  File file_{};
};

/// Who is at the other end of the accepted `fd`: credentials on a Unix socket, the address else.
[[nodiscard]] Peer peer_of(int fd, Door door, const Address& remote);

}  // namespace tcpctl::api
