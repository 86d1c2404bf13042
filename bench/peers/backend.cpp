// SPDX-License-Identifier: Apache-2.0
// What stands behind the contestants: an echo server (also the ceiling for the echo service), and the bulk
// peer.
#include <memory>
#include <utility>
#include <vector>

#include <sys/epoll.h>

#include "arguments.hpp"
#include "bulk_peer.hpp"
#include "common.hpp"
#include "pump.hpp"
#include "server.hpp"

namespace tcpctl::bench {
namespace {

constexpr std::string_view kUsage =
    "usage: backend echo|bulk --listen ADDRESS [--threads 2] [--buffer 131072]\n";

class EchoPeer final : public Handler, public Watcher {
 public:
  EchoPeer(Reactor& reactor, Fd socket, std::span<std::uint8_t> scratch)
      : reactor_{reactor}, socket_{std::move(socket)}, scratch_{scratch} {
    reactor_.watch(socket_.get(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, *this);
  }

  void on_events(std::uint32_t events) override {
    const bool readable = (events & (EPOLLIN | EPOLLRDHUP)) != 0;
    const bool resumed = (events & EPOLLOUT) != 0 && pump_.state() == Flow::blocked;
    if (!socket_ || (!readable && !resumed && (events & EPOLLERR) == 0)) return;
    const Flow flow = pump_.move(socket_.get(), socket_.get(), (events & EPOLLRDHUP) != 0, scratch_);
    if (flow != Flow::finished && flow != Flow::broken) return;
    socket_.reset();
    reactor_.retire(*this);
  }

 private:
  Reactor& reactor_;
  Fd socket_;
  std::span<std::uint8_t> scratch_;
  CopyPump pump_;
};

template <class Peer>
[[noreturn]] void backend(const Arguments& arguments) {
  const auto size = static_cast<std::size_t>(arguments.number("buffer"));
  serve(parse_address(arguments.text("listen")), static_cast<unsigned>(arguments.number("threads")), [size] {
    return [scratch = std::vector<std::uint8_t>(size)](Reactor& reactor, Fd socket) mutable {
      reactor.own(std::make_unique<Peer>(reactor, std::move(socket), scratch));
    };
  });
}

}  // namespace
}  // namespace tcpctl::bench

int main(int argc, char** argv) {
  using namespace tcpctl::bench;
  const Arguments arguments{argc, argv, {{"listen", ""}, {"threads", "2"}, {"buffer", "131072"}}, kUsage};
  if (arguments.word() == "echo") backend<EchoPeer>(arguments);
  if (arguments.word() == "bulk") backend<BulkPeer>(arguments);
  arguments.refuse("unknown mode '" + arguments.word() + "'");
}
