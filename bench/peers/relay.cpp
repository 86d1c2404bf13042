// SPDX-License-Identifier: Apache-2.0
// A bare relay: what the kernel allows with epoll when nothing else is done. No limits, no states, no
// statistics.
#include <memory>
#include <utility>
#include <vector>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "arguments.hpp"
#include "common.hpp"
#include "pump.hpp"
#include "server.hpp"

namespace tcpctl::bench {
namespace {

constexpr std::string_view kUsage =
    "usage: relay copy|splice --listen ADDRESS --to ADDRESS [--threads 2] [--buffer 131072]\n";
constexpr std::uint32_t kEverything = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

template <class Pump>
class Session final : public Handler {
 public:
  Session(Reactor& reactor, Fd client, Fd upstream, std::span<std::uint8_t> scratch)
      : reactor_{reactor},
        client_{*this, std::move(client)},
        upstream_{*this, std::move(upstream)},
        scratch_{scratch} {
    client_.peer = &upstream_;
    upstream_.peer = &client_;
    reactor_.watch(client_.fd.get(), kEverything, client_);
    reactor_.watch(upstream_.fd.get(), kEverything, upstream_);
  }

 private:
  struct Leg final : Watcher {
    Leg(Session& owner, Fd socket) : session{owner}, fd{std::move(socket)} {}
    void on_events(std::uint32_t events) override { session.serve(*this, events); }

    Session& session;
    Fd fd;
    Leg* peer{nullptr};
    Pump to_peer;
  };

  void serve(Leg& leg, std::uint32_t events) {
    if (closed_) return;
    if ((events & EPOLLERR) != 0) return close();
    if ((events & (EPOLLIN | EPOLLRDHUP)) != 0) move(leg, (events & EPOLLRDHUP) != 0);
    if (!closed_ && (events & EPOLLOUT) != 0 && leg.peer->to_peer.state() == Flow::blocked)
      move(*leg.peer, false);
  }

  void move(Leg& from, bool hangup) {
    if (from.to_peer.state() == Flow::finished) return;
    const Flow flow = from.to_peer.move(from.fd.get(), from.peer->fd.get(), hangup, scratch_);
    if (flow == Flow::broken) return close();
    if (flow != Flow::finished) return;
    if (from.peer->to_peer.state() == Flow::finished) return close();
    if (::shutdown(from.peer->fd.get(), SHUT_WR) != 0) close();
  }

  void close() {
    closed_ = true;
    client_.fd.reset();
    upstream_.fd.reset();
    reactor_.retire(*this);
  }

  Reactor& reactor_;
  Leg client_;
  Leg upstream_;
  std::span<std::uint8_t> scratch_;
  bool closed_{false};
};

template <class Pump>
[[noreturn]] void relay(const Arguments& arguments) {
  const auto to = parse_address(arguments.text("to"));
  const auto size = static_cast<std::size_t>(arguments.number("buffer"));
  serve(parse_address(arguments.text("listen")), static_cast<unsigned>(arguments.number("threads")),
        [to, size] {
          return [to, scratch = std::vector<std::uint8_t>(size)](Reactor& reactor, Fd client) mutable {
            Fd upstream = begin_connect(to);
            if (!upstream) return;
            reactor.own(
                std::make_unique<Session<Pump>>(reactor, std::move(client), std::move(upstream), scratch));
          };
        });
}

}  // namespace
}  // namespace tcpctl::bench

int main(int argc, char** argv) {
  using namespace tcpctl::bench;
  const Arguments arguments{
      argc, argv, {{"listen", ""}, {"to", ""}, {"threads", "2"}, {"buffer", "131072"}}, kUsage};
  if (arguments.word() == "copy") relay<CopyPump>(arguments);
  if (arguments.word() == "splice") relay<SplicePump>(arguments);
  arguments.refuse("unknown mode '" + arguments.word() + "'");
}
