// SPDX-License-Identifier: Apache-2.0
#include "api/audit.hpp"

#include <utility>

#include "base/log.hpp"
#include "base/text.hpp"

namespace tcpctl::api {
namespace {

constexpr std::size_t kMostOfPath = 256;  // in an event; the log has more

Change::Outcome outcome_of(int status) {
  if (status < 400) return Change::Outcome::done;
  const bool is_forbidden = status == 401 || status == 403 || status == 421;
  return is_forbidden ? Change::Outcome::refused : Change::Outcome::failed;
}

std::string_view name_of(const Route* route) { return route == nullptr ? std::string_view{} : route->name; }

/// Whoever reads on takes what he has read again and again: that is told at debug alone, and no event.
bool is_routine(const Attempt& attempt) {
  return name_of(attempt.match.route) == "take_received" &&
         outcome_of(attempt.status) == Change::Outcome::done;
}

/// Null in JSON and left out elsewhere, where it is not known.
log::Field known(std::string_view key, std::string value) {
  const bool is_known = !value.empty();
  return {key, std::move(value), !is_known};
}

void write(const Attempt& attempt) {
  const auto& [request, path, match, caller, status] = attempt;
  const auto level = is_routine(attempt) ? log::Level::debug : log::Level::info;
  if (!log::enabled(level)) return;
  log::write(level, "api.change",
             {log::f("who", caller.who), known("user", caller.user),
              log::Field{"pid", caller.pid == 0 ? "" : std::to_string(caller.pid), true},
              log::f("method", request.method), log::f("path", path),
              known("what", std::string{name_of(match.route)}), log::f("status", status),
              log::f("outcome", text(outcome_of(status)))});
}

Change told(const Attempt& attempt) {
  Change change;
  change.who = attempt.caller.who;
  change.user = attempt.caller.user;
  change.pid = attempt.caller.pid;
  change.method = attempt.match.route->method;
  change.path = escaped(as_bytes(attempt.path), kMostOfPath);
  change.what = attempt.match.route->name;
  change.status = attempt.status;
  change.outcome = outcome_of(attempt.status);
  const auto name = attempt.match.path.find("name");
  // A name that there is none of may be any text.
  if (name != attempt.match.path.end() && is_name(name->second)) {
    change.party = name->second;
    change.of_client = attempt.match.route->path.starts_with("/v1/clients/");
  }
  return change;
}

}  // namespace

bool is_change(const HttpRequest& request, const Match& match, const Query& query) {
  if (request.method == "GET" || request.method == "HEAD") return false;
  if (name_of(match.route) == "check_config") return false;
  return text(query, "dry_run") != "true";
}

void record(ControlPlane& control, const Attempt& attempt, bool is_judged) {
  write(attempt);
  if (is_judged && !is_routine(attempt)) control.note_change(told(attempt));
}

}  // namespace tcpctl::api
