// SPDX-License-Identifier: Apache-2.0
#include "ctl/drain_run.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <poll.h>

#include "base/units.hpp"
#include "ctl/format.hpp"
#include "ctl/interrupt.hpp"
#include "ctl/terminal.hpp"
#include "ctl/wait_run.hpp"

namespace tcpctl::ctl {
namespace {

constexpr std::chrono::milliseconds kPause{250};
constexpr std::chrono::hours kLongest{24};  // the daemon takes no more
constexpr std::size_t kBar = 24, kShortestBar = 6;
constexpr std::size_t kAroundBar = 4;  // its brackets, and the blanks behind it
constexpr std::size_t kOldest = 5;
constexpr const char* kLooked = "100";  // connections among which those of one upstream are looked for

std::string remaining_text(std::uint64_t count) {
  return fmt::format("{} connection{} remain{}", exact_text(count), count == 1 ? "" : "s",
                     count == 1 ? "s" : "");
}

/// "[#######.......]  ", as full as connections are gone; "" where there is no room for it.
std::string bar(std::uint64_t gone, std::uint64_t all, std::size_t room, bool unicode) {
  const auto length = std::min(kBar, room - std::min(room, kAroundBar));
  if (length < kShortestBar) return {};
  const auto filled = all == 0 ? length : static_cast<std::size_t>(gone * length / all);
  std::string text = "[";
  for (std::size_t at = 0; at < length; ++at) {
    if (at < filled) {
      text += unicode ? "█" : "#";
    } else {
      text += unicode ? "░" : ".";
    }
  }
  return text + "]  ";
}

std::string connection_line(const Json& connection) {
  const auto bytes = [&](const char* field) { return bytes_text(connection.number(field).value_or(0)); };
  return fmt::format("  {}  {}  open for {}, in {}, out {}", connection.text("id").value_or("-"),
                     connection.text("remote").value_or("-"),
                     span_text(connection.number("age_ms").value_or(0)), bytes("bytes_in"),
                     bytes("bytes_out"));
}

/// What is drawn while it lasts, over what was drawn before.
class Progress {
 public:
  Progress(Context& context, const Draining& draining)
      : context_{context},
        draining_{draining},
        redraws_{context.for_people() && context.environment().terminal &&
                 context.environment().variable("TERM").value_or("dumb") != "dumb"} {}

  [[nodiscard]] bool redraws() const { return redraws_; }

  void draw(const Draining::State& state) {
    if (!redraws_) return;
    all_ = std::max(all_, state.remaining);
    std::vector<std::string> lines{head(state)};
    for (const auto& connection : oldest()) lines.push_back(connection_line(connection));
    erase();
    std::string text;
    for (const auto& line : lines) text += shorten(safe(line), width()) + "\n";
    context_.print(text);
    drawn_ = lines.size();
  }

  void erase() {
    if (drawn_ > 0) context_.print(fmt::format("\x1b[{}A\r\x1b[J", drawn_));
    drawn_ = 0;
  }

 private:
  [[nodiscard]] std::string head(const Draining::State& state) const {
    const auto before = fmt::format("{}  ", draining_.label);
    const auto behind = fmt::format("{} of {} connections remain{}", exact_text(state.remaining),
                                    exact_text(all_), time_left(state));
    const auto taken = display_width(before) + display_width(behind);
    const auto room = width() - std::min(width(), taken);
    return before + bar(all_ - state.remaining, all_, room, context_.view().unicode) + behind;
  }

  [[nodiscard]] std::size_t width() const { return context_.view().width.value_or(80) - 1; }

  /// By our own clock: the daemon's may be another.
  [[nodiscard]] std::string time_left(const Draining::State& state) const {
    if (!state.began_at || !state.ends_at) return {};
    const Duration left = (*state.ends_at - *state.began_at) - (now() - began_);
    if (left <= Duration::zero()) return ", the time is over";
    return fmt::format(", {} left", span_text(milliseconds(left)));
  }

  [[nodiscard]] std::vector<Json> oldest() const {
    Query query;
    query.add("listener", draining_.listener)
        .add("direction", draining_.upstream.empty() ? "inbound" : "outbound")
        .add("sort", "-age")
        .add("limit", draining_.upstream.empty() ? std::to_string(kOldest) : kLooked);
    const auto page = context_.get("/v1/connections" + query.text());
    std::vector<Json> found;
    if (!page) return found;
    for (auto& connection : page->items("items")) {
      const bool is_meant = draining_.upstream.empty() || connection.text("upstream") == draining_.upstream;
      if (is_meant && found.size() < kOldest) found.push_back(std::move(connection));
    }
    return found;
  }

  Context& context_;
  const Draining& draining_;
  const bool redraws_;
  const Instant began_{now()};
  std::uint64_t all_{0};
  std::size_t drawn_{0};
};

void pause(const Interrupt& interrupt) {
  pollfd ready{interrupt.fd(), POLLIN, 0};
  (void)::poll(&ready, 1, static_cast<int>(kPause.count()));
}

Exit left_alone(Context& context, const Draining& draining, std::uint64_t remaining, int signal) {
  context.warn(safe(fmt::format("{}: the drain goes on, {}; '{}' ends it", draining.label,
                                remaining_text(remaining), draining.undo)));
  context.environment().signal = signal;
  return Exit::failed;
}

Exit lost(Context& context, const Draining& draining, const Failure& failure) {
  if (failure.exit != Exit::not_found) return context.fail(failure);
  return context.fail(
      {Exit::not_found, safe(fmt::format("{} is gone: it was removed before its drain was over; 'tcpctl conn "
                                         "--listener {}' shows the connections that go on",
                                         draining.label, draining.listener))});
}

Exit ended(Context& context, const Draining& draining, std::uint64_t remaining) {
  return context.fail({Exit::failed, safe(fmt::format("{}: the drain was ended, {}", draining.label,
                                                      remaining_text(remaining)))});
}

}  // namespace

std::vector<Option> drain_options() {
  return {{"--time", "DURATION", "end its connections within this time, spread over the second half of it"},
          {"--wait", "", "until none remain, with a bar at a terminal"},
          {"--timeout", "DURATION", "with --wait: wait no longer; the drain goes on"}};
}

Answer<std::optional<std::chrono::milliseconds>> drain_patience(const Arguments& arguments) {
  if (!arguments.has("--timeout")) return std::nullopt;
  const auto time = wait_time(arguments);
  if (!time) return tl::make_unexpected(time.error());
  return *time;
}

Answer<std::optional<std::string>> drain_time(const Arguments& arguments, const std::string& option) {
  const auto text = arguments.get(option);
  if (!text) return std::nullopt;
  const auto time = parse_duration(*text);
  if (!time) return refuse(Exit::usage, fmt::format("{}: {}", option, safe(time.error().what)));
  if (*time > kLongest)
    return refuse(Exit::usage, fmt::format("{}: '{}' is more than 24h", option, safe(*text)));
  return text;
}

Exit wait_for_drain(Context& context, const Draining& draining,
                    std::optional<std::chrono::milliseconds> most) {
  const Interrupt interrupt;
  const auto began = now();
  Progress progress{context, draining};
  bool is_first = true;
  while (true) {
    const auto state = draining.state();
    if (!state) {
      progress.erase();
      return lost(context, draining, state.error());
    }
    if (std::exchange(is_first, false) && context.for_people() && !progress.redraws())
      context.print(safe(fmt::format("{}: {}", draining.label, remaining_text(state->remaining))) + "\n");
    const bool is_done = state->remaining == 0;
    if (!is_done) progress.draw(*state);
    const bool is_enough = interrupt.signal() != 0 || (most && now() - began >= *most);
    if (is_done || !state->goes_on || is_enough) progress.erase();
    if (is_done) break;
    if (!state->goes_on) return ended(context, draining, state->remaining);
    if (is_enough) return left_alone(context, draining, state->remaining, interrupt.signal());
    pause(interrupt);
  }
  if (context.for_people())
    context.print(safe(fmt::format("{}: drained, no connections remain", draining.label)) + "\n");
  return Exit::done;
}

}  // namespace tcpctl::ctl
