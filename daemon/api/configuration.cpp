// SPDX-License-Identifier: Apache-2.0
#include "api/accept.hpp"
#include "api/handlers.hpp"

namespace tcpctl::api::handlers {
namespace {

constexpr std::string_view kJson = "application/json", kToml = "application/toml";

Reply problems(int status, const std::string& detail, std::vector<Fault> faults) {
  return problem_reply(Problem{status, detail, std::move(faults)});
}

std::vector<Fault> faults_of(const std::vector<std::string>& lines) {
  std::vector<Fault> faults;
  for (const auto& line : lines) faults.push_back({"", line});
  return faults;
}

}  // namespace

Reply get_config(const Call& call) {
  const auto secrets = text(call.query, "secrets");
  const auto wanted = flag(call.query, "secrets");
  if (!wanted) return problem_reply(wanted.error());
  if (*wanted && call.hides_secrets())
    return problem_reply(403, "secrets are shown to the role operate; ask without 'secrets'");
  const bool redact = secrets ? !*wanted : call.hides_secrets();
  const bool toml = accepts(call.request, kToml);
  using Form = ControlPlane::TextForm;
  const auto config = call.control.config(redact, toml ? Form::toml : Form::json);
  if (!config) return problem_reply(config.error());
  return {200, std::string{toml ? kToml : kJson}, *config, {}};
}

Reply diff_config(const Call& call) { return answer(call.control.config_diff(call.hides_secrets())); }

Reply save_config(const Call& call) {
  const auto dry_run = flag(call.query, "dry_run");
  if (!dry_run) return problem_reply(dry_run.error());
  const auto row = call.control.save(*dry_run);
  if (!row) return problem_reply(row.error());
  if (row->errors.empty()) return json_reply(to_json(*row));
  return problems(409, "the files have mistakes; nothing was saved", faults_of(row->errors));
}

Reply check_config(const Call& call) {
  if (call.body.empty()) return problem_reply(400, "the body is the configuration as JSON, and is empty");
  auto faults = call.control.check_config(std::string{call.body});
  if (!faults) return problem_reply(faults.error());
  if (faults->empty()) return json_reply({{"ok", true}, {"errors", Json::array()}});
  return problems(400, "the configuration has mistakes", *std::move(faults));
}

Reply reload_config(const Call& call) {
  const auto force = flag(call.query, "force");
  if (!force) return problem_reply(force.error());
  const auto row = call.control.reload(*force);
  if (!row) return problem_reply(row.error());
  if (row->ok) return json_reply(to_json(*row));
  return problems(409, "the files have mistakes; the running configuration stays", faults_of(row->errors));
}

}  // namespace tcpctl::api::handlers
