// SPDX-License-Identifier: Apache-2.0
#include "ctl/each.hpp"

namespace tcpctl::ctl {

Each with_each(Context& context, const std::vector<std::string>& names,
               const std::function<Answer<Json>(const std::string& name)>& act,
               const std::function<std::string(const std::string& name, const Json& answer)>& line) {
  auto exit = Exit::done;
  std::vector<Json> answers;
  for (const auto& name : names) {
    const auto answer = act(name);
    if (answer) {
      answers.push_back(*answer);
      if (context.format() != Format::json) (void)context.outcome(*answer, line(name, *answer));
      continue;
    }
    const auto failed = context.fail(answer.error());
    if (exit == Exit::done) exit = failed;
    if (failed == Exit::unreachable) break;
  }
  if (names.size() > 1) return {exit, Json::list(answers)};
  return {exit, answers.empty() ? Json{} : answers.front()};
}

}  // namespace tcpctl::ctl
