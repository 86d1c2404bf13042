// SPDX-License-Identifier: Apache-2.0
#include "ctl/connect/dial.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "tcp/socket.hpp"

namespace tcpctl::ctl {
namespace {

/// 0 = under way or done, else an errno.
int begin(const Address& to, const std::optional<Address>& source, Fd& fd) {
  fd = Fd{::socket(to.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!fd) return errno;
  tcp::set_nodelay(fd.get());
  sockaddr_storage storage{};
  if (source) {
    const int on = 1;  // the port is chosen with the destination known, so that there are enough
    ::setsockopt(fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    const auto length = source->to(storage);
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0) return errno;
  }
  const auto length = to.to(storage);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&storage), length) == 0) return 0;
  return errno == EINPROGRESS ? 0 : errno;
}

/// Both ends of a connection on one host may come to be one socket: RFC 9293 section 3.5, figure 7.
bool is_itself(int fd) { return tcp::local_address(fd) == tcp::remote_address(fd); }

/// The attempts that are under way, beside each other.
class Race {
 public:
  Race(const std::vector<Address>& addresses, const DialOptions& options)
      : addresses_{addresses}, options_{options} {}

  Dialled run() {
    while (!done_.fd && !done_.interrupted) {
      if (is_turn_of_next()) {
        start_next();
      } else if (runners_.empty()) {
        break;
      } else {
        wait();
      }
    }
    for (auto& runner : runners_) lose(runner, ECANCELED);
    return std::move(done_);
  }

 private:
  struct Runner {
    std::size_t attempt;
    Fd fd;
  };

  [[nodiscard]] bool is_turn_of_next() const {
    return next_ < addresses_.size() && (runners_.empty() || now() >= next_at_);
  }

  void start_next() {
    const auto& to = addresses_[next_++];
    done_.attempts.push_back({to, now(), {}, 0});
    next_at_ = now() + options_.head_start;
    Runner runner{done_.attempts.size() - 1, {}};
    if (const int error = begin(to, options_.source, runner.fd); error != 0) {
      lose(runner, error);
    } else {
      runners_.push_back(std::move(runner));
    }
  }

  void lose(const Runner& runner, int error) {
    done_.attempts[runner.attempt].ended = now();
    done_.attempts[runner.attempt].error = error;
  }

  [[nodiscard]] Instant deadline(const Runner& runner) const {
    return done_.attempts[runner.attempt].begun + options_.timeout;
  }

  /// Until the next one is due, or the time of one is up.
  [[nodiscard]] int patience_ms() const {
    Instant until = next_ < addresses_.size() ? next_at_ : Instant::max();
    for (const auto& runner : runners_) until = std::min(until, deadline(runner));
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
  }

  void wait() {
    std::vector<pollfd> polled;
    polled.push_back({.fd = options_.stop, .events = POLLIN, .revents = 0});
    for (const auto& runner : runners_)
      polled.push_back({.fd = runner.fd.get(), .events = POLLOUT, .revents = 0});
    if (::poll(polled.data(), polled.size(), patience_ms()) < 0) return;
    if (polled[0].revents != 0) {
      done_.interrupted = true;
      return;
    }
    auto runner = runners_.begin();
    for (std::size_t at = 1; at < polled.size() && !done_.fd; ++at)
      runner = judge(*runner, polled[at].revents != 0) ? runners_.erase(runner) : std::next(runner);
  }

  /// Whether its race is over.
  bool judge(Runner& runner, bool answered) {
    if (!answered) {
      const bool late = now() >= deadline(runner);
      if (late) lose(runner, ETIMEDOUT);
      return late;
    }
    int error = tcp::take_error(runner.fd.get());
    if (error == 0 && is_itself(runner.fd.get())) error = ECONNREFUSED;
    lose(runner, error);
    if (error == 0) done_.fd = std::move(runner.fd);
    return true;
  }

  const std::vector<Address>& addresses_;
  const DialOptions& options_;
  std::size_t next_{0};
  Instant next_at_{};
  std::vector<Runner> runners_;
  Dialled done_;
};

}  // namespace

Dialled dial(const std::vector<Address>& addresses, const DialOptions& options) {
  return Race{addresses, options}.run();
}

}  // namespace tcpctl::ctl
