// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>

namespace tcpctl {

/// What `tcpctld` was asked to do.
struct CommandLine {
  enum class Action : unsigned char { run, check_config, print_keys, print_api, print_manual };
  Action action{Action::run};
  std::filesystem::path file{"/etc/tcpctl/tcpctld.toml"};
  bool is_service{true};  // no other file was named
  bool strict{false};
  bool records{true};
};

/// Nothing if the process is to end at once with `status`: after --help, --version, or a mistake, which was
/// printed.
[[nodiscard]] std::optional<CommandLine> parse_command_line(int argc, char** argv, int& status);

}  // namespace tcpctl
