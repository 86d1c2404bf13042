// SPDX-License-Identifier: Apache-2.0
#include "api/front_acceptor.hpp"

#include <cerrno>
#include <utility>

#include <sys/socket.h>

#include "base/log.hpp"

namespace tcpctl::api {
namespace {

constexpr int kBurst = 32;  // then the connections that are open get their turn
constexpr timeval kRest{0, 100'000};

}  // namespace

FrontAcceptor::FrontAcceptor(ListenSocket socket, Door door, const Loop& loop, Owner& owner,
                             std::size_t held_bytes)
    : budget{held_bytes},
      socket_{std::move(socket)},
      door_{door},
      owner_{owner},
      readable_{
          event_new(loop.base(), socket_.fd(), EV_READ | EV_PERSIST, &FrontAcceptor::on_readable, this)},
      rested_{event_new(loop.base(), -1, 0, &FrontAcceptor::on_rested, this)} {
  event_add(readable_.get(), nullptr);
}

void FrontAcceptor::on_readable(evutil_socket_t /*fd*/, short /*what*/, void* self) {
  static_cast<FrontAcceptor*>(self)->accept_some();
}

void FrontAcceptor::on_rested(evutil_socket_t /*fd*/, short /*what*/, void* self) {
  event_add(static_cast<FrontAcceptor*>(self)->readable_.get(), nullptr);
}

void FrontAcceptor::accept_some() {
  for (int i = 0; i < kBurst; ++i) {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    Fd fd{::accept4(socket_.fd(), reinterpret_cast<sockaddr*>(&storage), &length,
                    SOCK_NONBLOCK | SOCK_CLOEXEC)};
    if (fd) {
      failing_ = false;
      owner_.on_accepted(*this, std::move(fd), Address::from(storage, length));
    } else if (errno == EAGAIN) {
      return;
    } else if (errno != EINTR && errno != ECONNABORTED) {
      rest(errno);
      return;
    }
  }
}

void FrontAcceptor::rest(int error_number) {
  if (!std::exchange(failing_, true)) {
    log::warn("api.accept.failed", log::f("address", socket_.bound().text()),
              log::f("error", errno_text(error_number)), log::f("effect", "trying again every 100 ms"));
  }
  event_del(readable_.get());
  event_add(rested_.get(), &kRest);
}

}  // namespace tcpctl::api
