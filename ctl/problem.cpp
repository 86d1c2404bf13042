// SPDX-License-Identifier: Apache-2.0
// What an answer that is no success says to the user. Source: RFC 9457.
#include <algorithm>

#include <fmt/format.h>

#include "ctl/client.hpp"
#include "ctl/json.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl {
namespace {

Exit exit_of(int status) {
  switch (status) {
    case 401:
    case 403:
      return Exit::not_allowed;
    case 404:
      return Exit::not_found;
    default:
      return Exit::failed;
  }
}

/// "no listener 'wbe'" -> the command that lists what there is.
std::string where_to_look(const std::string& line) {
  for (const auto* noun : {"listener", "client", "upstream"}) {
    if (line.starts_with(fmt::format("no {} '", noun))) return fmt::format("; 'tcpctl {}' lists them", noun);
  }
  if (line.starts_with("no open connection '")) return "; 'tcpctl conn' lists them";
  return line.starts_with("no connection '") ? "; 'tcpctl conn' and 'tcpctl history' list them" : "";
}

/// What the user can do about it, where the daemon's own words do not say it.
std::string advice(int status, const std::string& line, const Host& host) {
  switch (status) {
    case 404:
      return where_to_look(line);
    case 401:
      return "; give a token of [api.tokens] with --token-file or in TCPCTL_TOKEN";
    case 403:
      return host.is_unix() ? "; use sudo, or have your role raised in [api.roles]"
                            : "; use a token of that role (--token-file, TCPCTL_TOKEN), or the Unix socket";
    case 421:
      return "; use a loopback name in --host, or add the name to api.allowed_hosts";
    case 503:
      return "; try again";
    case 504:
      return "; a loop of the daemon is busy, try again";
    default:
      return {};
  }
}

std::string sentence(const Json& problem) {
  auto line = problem.text("detail").value_or("");
  if (line.empty()) line = problem.text("title").value_or("");
  for (const auto& error : problem.items("errors")) {
    const auto pointer = error.text("pointer").value_or("");
    const auto detail = error.text("detail").value_or("");
    const auto key = pointer.substr(pointer.rfind('/') + 1);
    if (line.find(detail) != std::string::npos && line.find(key) != std::string::npos) continue;
    line += line.empty() ? "" : "; ";
    if (!pointer.empty()) line.append(pointer).append(": ");
    line += detail;
  }
  return line;
}

}  // namespace

Failure explain(const Reply& reply, const Host& host) {
  const auto problem = Json::parse(reply.body);
  auto line = problem ? safe(sentence(*problem)) : std::string{};
  if (line.empty()) {
    const auto status = std::to_string(reply.status);
    line =
        safe(host.text()) + " answered HTTP " + status + " without saying why; is that tcpctld? check --host";
    return {exit_of(reply.status), line};
  }
  const bool is_said = line.find("try again") != std::string::npos;
  return {exit_of(reply.status), line + (is_said ? "" : advice(reply.status, line, host))};
}

}  // namespace tcpctl::ctl
