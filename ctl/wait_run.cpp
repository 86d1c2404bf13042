// SPDX-License-Identifier: Apache-2.0
#include "ctl/wait_run.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <poll.h>

#include "base/clock.hpp"
#include "base/units.hpp"
#include "ctl/format.hpp"
#include "ctl/interrupt.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPause{100};

/// One line on the terminal that is written over.
class Line {
 public:
  explicit Line(Context& context) : context_{context} {}
  void show(const std::string& text) {
    if (!context_.environment().terminal || !context_.for_people()) return;
    const auto width = context_.view().width.value_or(80);
    context_.environment().err.write("\r\x1b[K" + shorten(text, width > 1 ? width - 1 : 1));
    is_there_ = true;
  }
  void erase() {
    if (std::exchange(is_there_, false)) context_.environment().err.write("\r\x1b[K");
  }

 private:
  Context& context_;
  bool is_there_{false};
};

}  // namespace

std::vector<Option> wait_options(const std::string& until) {
  return {{"--wait", "", "until " + until}, {"--timeout", "DURATION", "how long to wait; default 1m"}};
}

Answer<milliseconds> wait_time(const Arguments& arguments) {
  const auto text = arguments.get("--timeout");
  if (!text) return milliseconds{std::chrono::minutes{1}};
  const auto time = parse_duration(*text);
  if (!time) return refuse(Exit::usage, fmt::format("--timeout: {}", safe(time.error().what)));
  return std::chrono::ceil<milliseconds>(std::min<Duration>(*time, std::chrono::hours{24}));
}

Exit wait_until_done(Context& context, const Waiting& waiting, milliseconds most) {
  const Interrupt interrupt;
  Line line{context};
  const auto began = now();
  while (true) {
    const auto state = waiting.state();
    if (!state || state->is_done) line.erase();
    if (!state) return context.fail(state.error());
    if (state->is_done) return Exit::done;
    const auto passed = std::chrono::duration_cast<milliseconds>(now() - began);
    const bool is_late = passed >= most;
    if (interrupt.signal() != 0 || is_late) {
      line.erase();
      context.environment().signal = interrupt.signal();
      return context.fail(
          {Exit::failed,
           safe(fmt::format(
               "{}: {}{}; {}", waiting.label, state->text,
               is_late ? fmt::format(" after {}", span_text(static_cast<double>(passed.count()))) : "",
               waiting.afterwards))});
    }
    line.show(safe(fmt::format("{}: {}, {}", waiting.label, state->text,
                               span_text(static_cast<double>(passed.count())))));
    pollfd told{.fd = interrupt.fd(), .events = POLLIN, .revents = 0};
    (void)::poll(&told, 1, static_cast<int>(std::clamp(most - passed, milliseconds{1}, kPause).count()));
  }
}

Exit wait_until_up(Context& context, const Arguments& arguments, const std::string& label,
                   const std::string& path) {
  if (!arguments.has("--wait")) return Exit::done;
  const auto most = wait_time(arguments);
  if (!most) return context.fail(most.error());
  Waiting waiting;
  waiting.label = label;
  waiting.afterwards = "it is tried again by itself";
  waiting.state = [&]() -> Answer<Waiting::State> {
    const auto object = context.get(path);
    if (!object) return tl::make_unexpected(object.error());
    const auto state = object->text("state").value_or("-");
    const auto why = object->text("last_failure").value_or(object->text("error").value_or(""));
    return Waiting::State{state == "up", why.empty() ? state : fmt::format("{} ({})", state, why)};
  };
  const auto exit = wait_until_done(context, waiting, *most);
  if (exit == Exit::done && context.for_people()) context.print(safe(label) + ": up\n");
  return exit;
}

}  // namespace tcpctl::ctl
