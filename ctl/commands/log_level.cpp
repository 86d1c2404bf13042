// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"
#include "ctl/commands/registry.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl::commands {
namespace {

constexpr const char* kPath = "/v1/log/level";

Exit read(Context& context) {
  const auto answer = context.get(kPath);
  if (!answer) return context.fail(answer.error());
  return context.outcome(*answer, answer->text("level").value_or("-"));
}

Exit run(Context& context, const Arguments& arguments) {
  const auto word = arguments.get("LEVEL");
  if (!word) return read(context);
  const auto level = log::parse_level(*word);
  if (!level) return context.usage(safe(level.error().what));
  Call call;
  call.method = "PUT";
  call.path = kPath;
  call.body = R"({"level": ")" + std::string{log::level_name(*level)} + R"("})";
  const auto answer = context.ask(call);
  if (!answer) return context.fail(answer.error());
  return context.outcome(*answer, "the daemon logs from " + std::string{log::level_name(*level)} + " on");
}

}  // namespace

Noun log_level_noun() {
  return {"log-level",
          {},
          "how much the daemon logs",
          {{"",
            "print the daemon's log level, or change it until its next start",
            "tcpctl log-level debug",
            {{"LEVEL", "trace, debug, info, warn or error; none prints it", Positional::Count::optional}},
            {},
            run}}};
}

}  // namespace tcpctl::ctl::commands
