// SPDX-License-Identifier: Apache-2.0
// Bulk: as many bytes as will go, up, down or both ways at once, against `backend bulk`. Every byte is
// checked.
#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "common.hpp"
#include "reactor.hpp"
#include "workload.hpp"

namespace tcpctl::bench {
namespace {

class Bulk final : public Workload {
 public:
  explicit Bulk(const Plan& plan) : plan_{plan}, scratch_(Verdict::kSize + kBulkChunk) {}

  void prepare() override {
    for (std::uint64_t i = 0; i < plan_.connections; ++i) {
      Fd socket = connect_blocking(plan_.to);
      const auto direction = static_cast<std::uint8_t>(plan_.direction);
      std::uint8_t ack = 0;
      if (!send_all(socket.get(), {&direction, 1}) || !receive_all(socket.get(), {&ack, 1}) || ack != kAck) {
        die("the backend did not take the request");
      }
      set_nonblocking(socket.get());
      lines_.push_back(std::make_unique<Line>(*this, std::move(socket)));
    }
  }

  void run() override {
    deadline_ = now_ns() + plan_.duration_ns;
    for (auto& line : lines_) line->begin();
    (void)reactor_.run_until(deadline_, [this] { return busy_ == 0; });
    for (auto& line : lines_) line->stop_sending();
    if (!reactor_.run_until(deadline_ + kGraceNs, [this] { return busy_ == 0; }))
      outcome_.fail("no end in time");
  }

 private:
  struct Line final : Watcher {
    Line(Bulk& owner, Fd connected) : load{owner}, socket{std::move(connected)} {}

    void begin() {
      ++load.busy_;
      busy = sending = true;
      load.reactor_.watch(socket.get(), EPOLLIN | (goes_up(load.plan_.direction) ? EPOLLOUT : 0U), *this);
      if (::send(socket.get(), &kGo, 1, MSG_NOSIGNAL) != 1) end("cannot send");
    }

    void on_events(std::uint32_t events) override {
      if (!busy) return;
      if ((events & EPOLLERR) != 0) return end("a connection broke");
      if ((events & (EPOLLIN | EPOLLHUP)) != 0) receive();
      if (busy && (events & EPOLLOUT) != 0 && sending) send();
    }

    void send() {
      const auto chunk = Pattern::at(sent, kBulkChunk);
      const auto n = ::send(socket.get(), chunk.data(), chunk.size(), MSG_NOSIGNAL);
      if (n < 0 && errno != EAGAIN) return end("cannot send");
      if (n > 0) sent += static_cast<std::uint64_t>(n);
      if (now_ns() >= load.deadline_ || is_enough()) stop_sending();
    }

    /// Has each direction in use brought what --count asks for?
    [[nodiscard]] bool is_enough() const {
      const Plan& plan = load.plan_;
      return plan.count != 0 && (!goes_up(plan.direction) || sent >= plan.count) &&
             (!goes_down(plan.direction) || received >= plan.count);
    }

    void stop_sending() {
      if (!busy || !std::exchange(sending, false)) return;
      load.reactor_.change(socket.get(), EPOLLIN, *this);
      if (::shutdown(socket.get(), SHUT_WR) != 0) end("cannot end");
    }

    /// The last bytes before the FIN are the verdict: as many are held back, until it is known that they are
    /// not.
    void receive() {
      auto& scratch = load.scratch_;
      std::ranges::copy(std::span{tail}.first(held), scratch.begin());
      const auto n = ::recv(socket.get(), scratch.data() + held, kBulkChunk, 0);
      if (n == 0) return finish();
      if (n < 0) {
        if (errno != EAGAIN) end("a connection broke");
        return;
      }
      const auto bytes = std::span{scratch}.first(held + static_cast<std::size_t>(n));
      held = std::min(bytes.size(), Verdict::kSize);
      const auto checked = bytes.first(bytes.size() - held);
      if (!Pattern::matches(received, checked)) return end("other bytes came than were sent");
      received += checked.size();
      std::ranges::copy(bytes.last(held), tail.begin());
      if (is_enough()) stop_sending();
    }

    void finish() {
      if (held < Verdict::kSize) return end("the connection ended before its time");
      const auto verdict = Verdict::from(tail);
      if (verdict.damaged != 0) return end("other bytes arrived than were sent");
      if (verdict.received != sent || verdict.sent != received) return end("bytes are missing");
      load.outcome_.units += sent + received;
      end("");
    }

    void end(const std::string& error) {
      if (!std::exchange(busy, false)) return;
      if (!error.empty()) load.outcome_.fail(error);
      --load.busy_;
      socket.reset();
    }

    Bulk& load;
    Fd socket;
    std::uint64_t sent{0};
    std::uint64_t received{0};
    std::array<std::uint8_t, Verdict::kSize> tail{};
    std::size_t held{0};
    bool busy{false};
    bool sending{false};
  };

  const Plan plan_;
  Reactor reactor_;
  std::vector<std::uint8_t> scratch_;
  std::vector<std::unique_ptr<Line>> lines_;
  std::int64_t deadline_{0};
  std::uint64_t busy_{0};
};

}  // namespace

std::unique_ptr<Workload> make_bulk(const Plan& plan) { return std::make_unique<Bulk>(plan); }

}  // namespace tcpctl::bench
