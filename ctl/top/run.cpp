// SPDX-License-Identifier: Apache-2.0
#include "ctl/top/run.hpp"

#include <array>
#include <charconv>

#include <fmt/format.h>
#include <poll.h>

#include "ctl/interrupt.hpp"
#include "ctl/terminal.hpp"
#include "ctl/top/feed.hpp"
#include "ctl/top/screen.hpp"
#include "ctl/top/terminal.hpp"

namespace tcpctl::ctl::top {
namespace {

using std::chrono::milliseconds;

Answer<milliseconds> delay_of(const Arguments& arguments) {
  const auto text = arguments.get("--delay").value_or("1");
  double seconds = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || stop != text.data() + text.size() || seconds < 0.2 || seconds > 60)
    return refuse(Exit::usage,
                  fmt::format("--delay: '{}' is no number of seconds from 0.2 to 60", safe(text)));
  return milliseconds{static_cast<std::int64_t>(seconds * 1000)};
}

class Top {
 public:
  Top(Context& context, Terminal& terminal, milliseconds delay)
      : context_{context},
        terminal_{terminal},
        screen_{context.view(), delay},
        feed_{context.client(), delay} {}

  Exit run() {
    const Interrupt interrupt;
    while (interrupt.signal() == 0) {
      terminal_.show(screen_.picture(terminal_.columns(), terminal_.lines()));
      std::array<pollfd, 3> watched{{{.fd = context_.environment().input, .events = POLLIN, .revents = 0},
                                     {.fd = feed_.fd(), .events = POLLIN, .revents = 0},
                                     {.fd = interrupt.fd(), .events = POLLIN, .revents = 0}}};
      (void)::poll(watched.data(), watched.size(), -1);
      take_news();
      if (!take_keys() || (watched[0].revents & (POLLHUP | POLLERR)) != 0) return Exit::done;
    }
    context_.environment().signal = interrupt.signal();
    return Exit::done;
  }

 private:
  void take_news() {
    auto news = feed_.take();
    if (news.snapshot) screen_.take(*std::move(news.snapshot));
    for (auto& message : news.messages) screen_.say(std::move(message));
  }

  /// False once the operator has had enough.
  [[nodiscard]] bool take_keys() {
    bool resized = false;
    while (const auto key = terminal_.key(resized)) {
      auto effect = screen_.on(*key);
      if (effect.quit) return false;
      if (effect.interval) feed_.set_interval(*effect.interval);
      if (effect.action) feed_.act(*std::move(effect.action));
      if (effect.wish) feed_.want(screen_.wish());
    }
    if (resized) feed_.want(screen_.wish());
    return true;
  }

  Context& context_;
  Terminal& terminal_;
  Screen screen_;
  Feed feed_;
};

}  // namespace

Exit run(Context& context, const Arguments& arguments) {
  const auto delay = delay_of(arguments);
  if (!delay) return context.fail(delay.error());
  auto terminal = Terminal::open(context.environment());
  if (!terminal) return context.fail(terminal.error());
  return Top{context, *terminal, *delay}.run();
}

}  // namespace tcpctl::ctl::top
