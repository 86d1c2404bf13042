// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/doctor/host_facts.hpp"
#include "ctl/exit.hpp"
#include "ctl/json.hpp"
#include "ctl/problems.hpp"

namespace tcpctl::ctl::doctor {

/// One thing that was looked at.
struct Finding {
  enum class Level { ok, advice, problem };
  Level level;
  std::string check;     // "somaxconn"
  std::string text;      // what is so, and what follows of it
  std::string remedy{};  // the command that mends it
};
[[nodiscard]] std::string_view text(Finding::Level level);

/// What the daemon said, or why it said nothing.
struct DaemonFacts {
  std::optional<Failure> failure{};
  std::string host{};  // where it was asked
  Json status{};
  std::vector<Json> listeners{};
  std::vector<Json> clients{};
  std::vector<Problem> problems{};
};

/// Everything that was looked at, in the order in which one would mend it: the daemon, who may ask it, its
/// sandbox, then the host. Pure: what is not in the facts is not judged.
[[nodiscard]] std::vector<Finding> findings(const HostFacts& host, const DaemonFacts& daemon);

}  // namespace tcpctl::ctl::doctor
