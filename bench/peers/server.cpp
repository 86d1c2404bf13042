// SPDX-License-Identifier: Apache-2.0
#include "server.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <thread>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "common.hpp"

namespace tcpctl::bench {
namespace {

class Acceptor final : public Watcher {
 public:
  Acceptor(Reactor& reactor, Fd listener, OnAccept on_accept)
      : reactor_{reactor}, listener_{std::move(listener)}, on_accept_{std::move(on_accept)} {
    reactor_.watch(listener_.get(), EPOLLIN, *this);
  }

  void on_events(std::uint32_t /*events*/) override {
    for (int i = 0; i < kAtOnce; ++i) {
      Fd accepted{::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
      if (!accepted && (errno == EAGAIN || errno == ECONNABORTED)) return;
      if (!accepted) die("accept4");
      on_accept_(reactor_, std::move(accepted));
    }
  }

 private:
  static constexpr int kAtOnce = 32;

  Reactor& reactor_;
  Fd listener_;
  OnAccept on_accept_;
};

void serve_on_this_thread(Fd listener, OnAccept on_accept) {
  Reactor reactor;
  const Acceptor acceptor{reactor, std::move(listener), std::move(on_accept)};
  for (;;) reactor.turn(-1);
}

}  // namespace

void serve(const sockaddr_in& listen, unsigned threads, const std::function<OnAccept()>& make_on_accept) {
  raise_file_limit();
  for (unsigned i = 0; i < threads; ++i) {
    // Detached, because they end only with the process.
    std::thread{serve_on_this_thread, listen_on(listen), make_on_accept()}.detach();
  }
  std::puts("ready");
  std::fflush(stdout);
  while (std::cin.get() != std::char_traits<char>::eof()) {
  }
  std::_Exit(EXIT_SUCCESS);
}

}  // namespace tcpctl::bench
