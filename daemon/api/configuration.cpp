// SPDX-License-Identifier: Apache-2.0
#include "api/handlers.hpp"

namespace tcpctl::api::handlers {
namespace {

Reply problems(int status, const std::string& detail, std::vector<Fault> faults) {
  return problem_reply(Problem{status, detail, std::move(faults)});
}

}  // namespace

/// Who may only read does not see secrets and what steps send.
Reply get_config(const Call& call) {
  const auto text = call.control.config(call.role < Role::operate);
  if (!text) return problem_reply(text.error());
  return {200, "application/json", *text, {}};
}

Reply check_config(const Call& call) {
  if (call.body.empty()) return problem_reply(400, "the body is the configuration as JSON, and is empty");
  auto faults = call.control.check_config(std::string{call.body});
  if (!faults) return problem_reply(faults.error());
  if (faults->empty()) return json_reply({{"ok", true}, {"errors", Json::array()}});
  return problems(400, "the configuration has mistakes", *std::move(faults));
}

Reply reload_config(const Call& call) {
  const auto row = call.control.reload();
  if (!row) return problem_reply(row.error());
  if (row->ok) return json_reply(to_json(*row));
  std::vector<Fault> faults;
  for (const auto& line : row->errors) faults.push_back({"", line});
  return problems(409, "the files have mistakes; the running configuration stays", std::move(faults));
}

}  // namespace tcpctl::api::handlers
