// SPDX-License-Identifier: Apache-2.0
// Closed loop: every connection sends its next message when the last one has come back whole.
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

constexpr std::size_t kScratch = std::size_t{128} * 1024;

class ClosedEcho final : public Workload {
 public:
  explicit ClosedEcho(const Plan& plan) : plan_{plan}, scratch_(kScratch) {}

  void prepare() override {
    for (std::uint64_t i = 0; i < plan_.connections; ++i) {
      lines_.push_back(std::make_unique<Line>(*this, EchoStream::open(plan_.to, plan_.message_bytes)));
      reactor_.watch(lines_.back()->stream.fd(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, *lines_.back());
    }
  }

  void run() override {
    const auto start = now_ns();
    deadline_ = start + plan_.duration_ns;
    for (auto& line : lines_) line->begin(start);
    if (!reactor_.run_until(deadline_ + kGraceNs, [this] { return busy_ == 0; }))
      outcome_.fail("no answer in time");
  }

 private:
  struct Line final : Watcher {
    Line(ClosedEcho& owner, EchoStream opened) : load{owner}, stream{std::move(opened)} {}

    void begin(std::int64_t now) {
      busy = true;
      ++load.busy_;
      next(now);
    }

    void next(std::int64_t now) {
      sent_at = now;
      if (!stream.send(load.plan_.message_bytes)) fail();
    }

    void on_events(std::uint32_t events) override {
      if (!busy) return;
      if ((events & EPOLLOUT) != 0 && !stream.flush()) return fail();
      if ((events & EPOLLIN) != 0 && !stream.receive(load.scratch_)) return fail();
      if ((events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) != 0) return fail();
      if (stream.all_answered()) answered(now_ns());
    }

    void answered(std::int64_t now) {
      load.outcome_.latency.add(now - sent_at);
      ++load.outcome_.units;
      const bool enough = load.plan_.count != 0 && load.outcome_.units >= load.plan_.count;
      if (now < load.deadline_ && !enough) return next(now);
      busy = false;
      --load.busy_;
    }

    void fail() {
      load.outcome_.fail("a connection broke, or brought other bytes back");
      busy = false;
      --load.busy_;
    }

    ClosedEcho& load;
    EchoStream stream;
    std::int64_t sent_at{0};
    bool busy{false};
  };

  const Plan plan_;
  Reactor reactor_;
  std::vector<std::uint8_t> scratch_;
  std::vector<std::unique_ptr<Line>> lines_;
  std::int64_t deadline_{0};
  std::uint64_t busy_{0};
};

}  // namespace

std::unique_ptr<Workload> make_closed_echo(const Plan& plan) { return std::make_unique<ClosedEcho>(plan); }

}  // namespace tcpctl::bench
