// SPDX-License-Identifier: Apache-2.0
#include "ctl/completion.hpp"

#include <fmt/format.h>

#include "ctl/commands/registry.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl::commands {
namespace {

Exit run(Context& context, const Arguments& arguments) {
  const auto shell = arguments.word("bash|zsh|fish");
  const auto script = completion_script(shell);
  if (script.empty())
    return context.usage(
        fmt::format("no completion for '{}'; there is one for bash, zsh and fish", safe(shell)));
  context.print(script);
  return Exit::done;
}

}  // namespace

Noun completion_noun() {
  return {"completion",
          {},
          "completion of command lines for bash, zsh and fish",
          {{"",
            "print the script that completes tcpctl's words and the daemon's names; the package installs it",
            "tcpctl completion bash",
            {{"bash|zsh|fish", "the shell"}},
            {},
            run}}};
}

}  // namespace tcpctl::ctl::commands
