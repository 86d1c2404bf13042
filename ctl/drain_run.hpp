// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "ctl/command.hpp"

namespace tcpctl::ctl {

/// --time and --wait of the verbs that drain.
[[nodiscard]] std::vector<Option> drain_options();
/// `option`, as the API takes it. Errors: usage, if it is no duration, or more than 24h.
[[nodiscard]] Answer<std::optional<std::string>> drain_time(const Arguments& arguments,
                                                            const std::string& option = "--time");

/// What is drained, as `wait_for_drain` asks for it.
struct Draining {
  struct State {
    std::uint64_t remaining;
    bool goes_on;  // false: somebody ended the drain, and what remains stays
    std::optional<WallTime> began_at, ends_at;
  };
  std::string label;                     // "listener web"
  std::function<Answer<State>()> state;  // not_found: it is there no more
  std::string listener;                  // whose connections remain
  std::string upstream;                  // those with this upstream alone; "" for all
  std::string undo;                      // the command that ends the drain
};

/// Waits until nothing remains: at a terminal with a bar, the time left and the oldest connections that
/// remain; else with a line at the beginning and one at the end. An interrupt, and the end of `most`, leave
/// the drain going and say so. Prints nothing on stdout unless for people. Answers failed where the drain was
/// ended, or waiting was, and not_found where what is drained was removed.
[[nodiscard]] Exit wait_for_drain(Context& context, const Draining& draining,
                                  std::optional<std::chrono::milliseconds> most = std::nullopt);
/// --timeout, of the verbs that drain. Errors: usage.
[[nodiscard]] Answer<std::optional<std::chrono::milliseconds>> drain_patience(const Arguments& arguments);

}  // namespace tcpctl::ctl
