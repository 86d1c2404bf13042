// SPDX-License-Identifier: Apache-2.0
// Open loop: messages leave at random moments of a given mean rate, whether or not earlier ones have been
// answered, and the latency of each counts from the moment it was due. So a stall is charged to every message
// that fell into it (no "coordinated omission").
#include <deque>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include <sys/epoll.h>
#include <sys/prctl.h>

#include "common.hpp"
#include "echo_stream.hpp"
#include "reactor.hpp"
#include "workload.hpp"

namespace tcpctl::bench {
namespace {

constexpr std::size_t kScratch = std::size_t{128} * 1024;

class OpenEcho final : public Workload {
 public:
  explicit OpenEcho(const Plan& plan)
      : plan_{plan}, scratch_(kScratch), random_{plan.thread + 1}, gap_{plan.rate / 1e9} {}

  void prepare() override {
    for (std::uint64_t i = 0; i < plan_.connections; ++i) {
      lines_.push_back(std::make_unique<Line>(*this, EchoStream::open(plan_.to, plan_.message_bytes)));
      reactor_.watch(lines_.back()->stream.fd(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, *lines_.back());
    }
  }

  void run() override {
    ::prctl(PR_SET_TIMERSLACK, 1UL);  // the default lets every wait end 50 us late
    const auto deadline = now_ns() + plan_.duration_ns;
    for (auto due = now_ns() + gap(); due < deadline; due += gap()) {
      reactor_.run_until(due, [] { return false; });
      outcome_.lateness.add(now_ns() - due);
      lines_[turn_++ % lines_.size()]->send(due);
    }
    if (!reactor_.run_until(deadline + kGraceNs, [this] { return open_ == 0; }))
      outcome_.fail("no answer in time");
  }

 private:
  struct Line final : Watcher {
    Line(OpenEcho& owner, EchoStream opened)
        : load{owner}, stream{std::move(opened)}, answered_to{stream.received()} {}

    void send(std::int64_t due_at) {
      if (broken) return;
      due.push_back(due_at);
      ++load.open_;
      if (!stream.send(load.plan_.message_bytes)) fail();
    }

    void on_events(std::uint32_t events) override {
      if (broken) return;
      if ((events & EPOLLOUT) != 0 && !stream.flush()) return fail();
      if ((events & EPOLLIN) != 0 && !stream.receive(load.scratch_)) return fail();
      if ((events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) != 0) return fail();
      const auto now = now_ns();
      while (stream.received() - answered_to >= load.plan_.message_bytes) {
        answered_to += load.plan_.message_bytes;
        load.outcome_.latency.add(now - due.front());
        due.pop_front();
        ++load.outcome_.units;
        --load.open_;
      }
    }

    void fail() {
      load.outcome_.fail("a connection broke, or brought other bytes back");
      load.open_ -= due.size();
      broken = true;
    }

    OpenEcho& load;
    EchoStream stream;
    std::uint64_t answered_to;
    std::deque<std::int64_t> due;
    bool broken{false};
  };

  std::int64_t gap() { return static_cast<std::int64_t>(gap_(random_)); }

  const Plan plan_;
  Reactor reactor_;
  std::vector<std::uint8_t> scratch_;
  std::vector<std::unique_ptr<Line>> lines_;
  std::mt19937_64 random_;
  std::exponential_distribution<> gap_;
  std::uint64_t turn_{0};
  std::uint64_t open_{0};
};

}  // namespace

std::unique_ptr<Workload> make_open_echo(const Plan& plan) { return std::make_unique<OpenEcho>(plan); }

}  // namespace tcpctl::bench
