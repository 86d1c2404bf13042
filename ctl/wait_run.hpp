// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "ctl/command.hpp"

namespace tcpctl::ctl {

/// --wait and --timeout, of verbs whose effect takes time.
[[nodiscard]] std::vector<Option> wait_options(const std::string& until);
/// --timeout; a minute where it is not given. Errors: usage.
[[nodiscard]] Answer<std::chrono::milliseconds> wait_time(const Arguments& arguments);

/// What is waited for.
struct Waiting {
  struct State {
    bool is_done;
    std::string text;  // "connecting", "12 of 40 left"
  };
  std::string label;  // "client feed"
  std::function<Answer<State>()> state;
  std::string afterwards;  // where waiting ends too early: "it goes on by itself"
};

/// Waits until it is done; at a terminal with a line on stderr that tells the state and the time. An
/// interrupt and the end of `most` leave things as they are, and say how they are. Answers failed for these.
[[nodiscard]] Exit wait_until_done(Context& context, const Waiting& waiting, std::chrono::milliseconds most);

/// Waits until the object at `path` is "up", where --wait asks for it.
[[nodiscard]] Exit wait_until_up(Context& context, const Arguments& arguments, const std::string& label,
                                 const std::string& path);

}  // namespace tcpctl::ctl
