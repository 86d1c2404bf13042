// SPDX-License-Identifier: Apache-2.0
// Connect, one exchange, close; then the next. `connections` of them are under way at any time.
#include <memory>
#include <utility>
#include <vector>

#include <sys/epoll.h>

#include "common.hpp"
#include "echo_stream.hpp"
#include "reactor.hpp"
#include "workload.hpp"

namespace tcpctl::bench {
namespace {

constexpr std::size_t kScratch = std::size_t{64} * 1024;

class Connects final : public Workload {
 public:
  explicit Connects(const Plan& plan) : plan_{plan}, scratch_(kScratch) {}

  void prepare() override {}

  void run() override {
    deadline_ = now_ns() + plan_.duration_ns;
    for (std::uint64_t i = 0; i < plan_.connections; ++i) begin();
    if (!reactor_.run_until(deadline_ + kGraceNs, [this] { return open_ == 0; }))
      outcome_.fail("no answer in time");
  }

 private:
  struct Visit final : Handler, Watcher {
    Visit(Connects& owner, Fd socket) : load{owner}, stream{std::move(socket)}, began{now_ns()} {
      load.reactor_.watch(stream.fd(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, *this);
    }

    void on_events(std::uint32_t events) override {
      if (ended) return;
      if ((events & (EPOLLERR | EPOLLHUP)) != 0) return end(false);
      if ((events & EPOLLOUT) != 0 && !std::exchange(asked, true) && !stream.send(load.plan_.message_bytes)) {
        return end(false);
      }
      if ((events & EPOLLIN) != 0 && !stream.receive(load.scratch_)) return end(false);
      if ((events & EPOLLRDHUP) != 0) return end(false);
      if (asked && stream.all_answered()) end(true);
    }

    void end(bool good) {
      ended = true;
      if (load.plan_.reset) reset_on_close(stream.fd());
      load.ended(*this, good, now_ns());
    }

    Connects& load;
    EchoStream stream;
    std::int64_t began;
    bool asked{false};
    bool ended{false};
  };

  void begin() {
    Fd socket = begin_connect(plan_.to);
    if (!socket) return outcome_.fail("cannot connect");
    ++open_;
    reactor_.own(std::make_unique<Visit>(*this, std::move(socket)));
  }

  void ended(const Visit& visit, bool good, std::int64_t now) {
    --open_;
    reactor_.retire(visit);
    if (!good) return outcome_.fail("a connection was refused or broke, or brought other bytes back");
    outcome_.latency.add(now - visit.began);
    ++outcome_.units;
    const bool enough = plan_.count != 0 && outcome_.units >= plan_.count;
    if (now < deadline_ && !enough) begin();
  }

  const Plan plan_;
  Reactor reactor_;
  std::vector<std::uint8_t> scratch_;
  std::int64_t deadline_{0};
  std::uint64_t open_{0};
};

}  // namespace

std::unique_ptr<Workload> make_connects(const Plan& plan) { return std::make_unique<Connects>(plan); }

}  // namespace tcpctl::bench
