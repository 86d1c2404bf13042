// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "ctl/commands/registry.hpp"
#include "ctl/doctor/findings.hpp"
#include "ctl/listing.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl::commands {
namespace {

using doctor::Finding;

constexpr std::size_t kMostForwards = 200;  // whose upstreams are asked for

std::vector<Column> columns() {
  return {{.title = "LEVEL", .field = "level"},
          {.title = "CHECK", .field = "check"},
          {.title = "TEXT", .field = "text"},
          {.title = "REMEDY", .field = "remedy"}};
}

doctor::DaemonFacts ask_daemon(const Context& context) {
  doctor::DaemonFacts facts;
  facts.host = context.client().host().text();
  const auto get = [&](const std::string& path) { return context.get(path); };
  const auto status = get("/v1/status");
  if (!status) {
    facts.failure = status.error();
    return facts;
  }
  facts.status = *status;
  if (auto listeners = all_items(context, "/v1/listeners"))
    facts.listeners = with_upstreams(*std::move(listeners), kMostForwards, get);
  if (auto clients = all_items(context, "/v1/clients")) facts.clients = *std::move(clients);
  facts.problems = problems(facts.status, facts.listeners, facts.clients, context.view());
  return facts;
}

Json to_json(const Finding& finding) {
  const auto quoted = [](std::string_view value) { return json_string(value).value_or("null"); };
  return Json::parse(fmt::format(R"({{"level": {}, "check": {}, "text": {}, "remedy": {}}})",
                                 quoted(text(finding.level)), quoted(finding.check), quoted(finding.text),
                                 finding.remedy.empty() ? "null" : quoted(finding.remedy)))
      .value_or(Json{});
}

Tone tone_of(Finding::Level level) {
  switch (level) {
    case Finding::Level::ok:
      return Tone::good;
    case Finding::Level::advice:
      return Tone::warn;
    case Finding::Level::problem:
      return Tone::bad;
  }
  return Tone::plain;
}

std::string lines_of(const Finding& finding, const View& view) {
  auto lines =
      fmt::format("{}  {:<12}  {}\n",
                  toned(fmt::format("{:<7}", text(finding.level)), tone_of(finding.level), view.color),
                  finding.check, safe(finding.text));
  if (!finding.remedy.empty()) lines += fmt::format("{:9}{:<12}  $ {}\n", "", "", safe(finding.remedy));
  return lines;
}

std::size_t count_of(const std::vector<Finding>& findings, Finding::Level level) {
  return static_cast<std::size_t>(std::ranges::count(findings, level, &Finding::level));
}

std::string sum_of(const std::vector<Finding>& findings) {
  const auto problems = count_of(findings, Finding::Level::problem);
  const auto advice = count_of(findings, Finding::Level::advice);
  if (problems + advice == 0) return "\nNothing to mend.\n";
  return fmt::format("\n{} problem{}, {} piece{} of advice\n", problems, problems == 1 ? "" : "s", advice,
                     advice == 1 ? "" : "s");
}

Exit run(Context& context, const Arguments&) {
  const auto daemon = ask_daemon(context);
  const auto findings = doctor::findings(doctor::read_host("", daemon.status.count("pid")), daemon);
  if (context.for_people()) {
    std::string out;
    for (const auto& finding : findings) out += lines_of(finding, context.view());
    context.print(out + sum_of(findings));
  } else {
    std::vector<Json> rows;
    for (const auto& finding : findings) rows.push_back(to_json(finding));
    if (const auto printed = context.rows(rows, columns()); printed != Exit::done) return printed;
  }
  return count_of(findings, Finding::Level::problem) > 0 ? Exit::failed : Exit::done;
}

}  // namespace

Noun doctor_noun() {
  return {
      "doctor",
      {},
      "what is wrong with the daemon or the host, and what mends it",
      {{"", "what is wrong with the daemon or the host, and what mends it", "tcpctl doctor", {}, {}, run}}};
}

}  // namespace tcpctl::ctl::commands
