// SPDX-License-Identifier: Apache-2.0
#include "app/socket_keeper.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#include "base/log.hpp"
#include "tcp/socket.hpp"

namespace tcpctl {
namespace {

constexpr std::string_view kStored = "tcpctl.listen.";
constexpr Duration kPatience = std::chrono::seconds{1};

/// A socket has its inode for as long as anybody has the socket, in whatever process.
std::string store_name(int fd) {
  struct stat status{};
  ::fstat(fd, &status);
  return fmt::format("{}{}", kStored, status.st_ino);
}

bool is_at_its_place(const Address& address) {
  struct stat status{};
  return !address.is_unix() || (::lstat(address.host().c_str(), &status) == 0 && S_ISSOCK(status.st_mode));
}

}  // namespace

void SocketKeeper::take(std::vector<systemd::PassedFd> passed) {
  for (auto& one : passed) {
    if (one.name == kCarry) {
      carry_ = std::move(one.fd);
    } else {
      take_listening(std::move(one));
    }
  }
}

void SocketKeeper::take_listening(systemd::PassedFd passed) {
  const int fd = passed.fd.get();
  if (::sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0) {
    log::warn("systemd.socket", log::f("name", passed.name),
              log::f("error", "no listening stream socket; write ListenStream= and Accept=no in its unit"));
    return;
  }
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  if (passed.name == kApi && !api_) {
    api_ = std::move(passed.fd);
  } else if (passed.name.starts_with(kStored)) {
    names_.insert(passed.name);
    stored_.push_back(std::move(passed));
  } else {
    const Address bound = tcp::local_address(fd);
    passed_[passed.name].push_back(
        std::make_shared<const BoundSocket>(std::move(passed.fd), bound, BoundSocket::Origin::passed));
  }
}

Fd SocketKeeper::take_stored(const Address& address) {
  const auto found = std::ranges::find_if(stored_, [&](const systemd::PassedFd& one) {
    return tcp::local_address(one.fd.get()) == address && is_at_its_place(address);
  });
  if (found == stored_.end()) return {};
  Fd fd = std::move(found->fd);
  stored_.erase(found);
  return fd;
}

ListenOn SocketKeeper::listen_on() {
  return [this](const Address& address, const tcp::ListenOptions& options) -> Result<Fd> {
    Fd stored = take_stored(address);
    if (!stored) return tcp::listen_on(address, options);
    const std::string name = store_name(stored.get());
    if (auto done = tcp::listen_anew(stored.get(), address, options); !done) {
      unstore(name);
      return tl::make_unexpected(std::move(done).error());
    }
    return stored;
  };
}

void SocketKeeper::store(const std::string& name, int fd) {
  if (names_.insert(name).second) systemd::store(name, fd);
}

void SocketKeeper::unstore(const std::string& name) {
  if (names_.erase(name) > 0) systemd::unstore(name);
}

void SocketKeeper::keep(const std::string& listener, const std::vector<BoundSocketPtr>& sockets) {
  if (!stores_) return;
  Kept& kept = kept_[listener];
  Kept before = std::exchange(kept, {});
  for (const auto& socket : sockets) {
    if (socket->is_passed()) continue;  // its unit keeps it
    const std::string name = store_name(socket->fd.get());
    before.erase(name);
    store(name, socket->fd.get());
    kept.emplace(name, socket);
  }
  for (const auto& [name, socket] : before) unstore(name);
  if (kept.empty()) kept_.erase(listener);
  // As long as the manager has it, too, the address is in use.
  if (!before.empty()) systemd::await_manager(kPatience);
}

void SocketKeeper::drop_rest() {
  for (const auto& one : stored_) {
    log::info("listener.left", log::f("address", tcp::local_address(one.fd.get()).text()),
              log::f("effect", "no listener has this address any more, so it is closed"));
    unstore(one.name);
  }
  stored_.clear();
}

void SocketKeeper::leave() const {
  for (const auto& [listener, kept] : kept_) {
    for (const auto& [name, socket] : kept) {
      if (const auto there = socket.lock()) there->leave_behind();
    }
  }
}

}  // namespace tcpctl
