// SPDX-License-Identifier: Apache-2.0
// Creating, changing and removing listeners and clients.
#include <fmt/format.h>

#include "api/handlers.hpp"

namespace tcpctl::api::handlers {
namespace {

using ObjectChange = ControlPlane::ObjectChange;
using Verb = ObjectChange::Verb;

tl::unexpected<Problem> no_tags(std::string_view header, std::string_view expected) {
  return refuse(400, fmt::format("{} is {}", header, expected));
}

/// The entity tags of an If-Match, without their quotes; "*" stays as it is. A weak tag is never of what it
/// is compared with (RFC 9110 section 13.1.1), and is left out.
Checked<std::vector<std::string>> tags_of(std::string_view header) {
  constexpr std::string_view kExpected = "a list of entity tags in quotes, as ETag gave them, or *";
  if (header == "*") return std::vector<std::string>{"*"};
  std::vector<std::string> tags;
  while (true) {
    header.remove_prefix(std::min(header.find_first_not_of(" \t,"), header.size()));
    if (header.empty()) break;
    const bool is_weak = header.starts_with("W/");
    if (is_weak) header.remove_prefix(2);
    const auto end = header.starts_with('"') ? header.find('"', 1) : std::string_view::npos;
    if (end == std::string_view::npos) return no_tags("If-Match", kExpected);
    tags.emplace_back(is_weak ? "" : header.substr(1, end - 1));
    header.remove_prefix(end + 1);
    if (!header.empty() && header.find_first_of(" \t,") != 0) return no_tags("If-Match", kExpected);
  }
  if (tags.empty()) return no_tags("If-Match", kExpected);
  return tags;
}

Checked<ObjectChange> wish_of(const Call& call, ObjectKind kind, Verb verb) {
  ObjectChange change{.object = {kind, call.in_path("name")}, .verb = verb, .body = std::string{call.body}};
  if (verb != Verb::remove && call.body.empty())
    return refuse(400, fmt::format("the body is {} as JSON, and is empty",
                                   verb == Verb::put ? "the configuration" : "the keys to change"));
  const auto dry_run = flag(call.query, "dry_run");
  if (!dry_run) return tl::make_unexpected(dry_run.error());
  change.dry_run = *dry_run;
  if (const auto header = call.request.header("if-match")) {
    auto tags = tags_of(*header);
    if (!tags) return tl::make_unexpected(std::move(tags).error());
    change.tags = *std::move(tags);
  }
  if (const auto header = call.request.header("if-none-match")) {
    if (verb != Verb::put || *header != "*") return no_tags("If-None-Match", "taken as * with PUT alone");
    change.must_be_new = true;
  }
  const auto drain = drain_time(call.query);
  if (!drain) return tl::make_unexpected(drain.error());
  change.drain = *drain;
  return change;
}

Reply change(const Call& call, ObjectKind kind, Verb verb) {
  const auto wish = wish_of(call, kind, verb);
  if (!wish) return problem_reply(wish.error());
  auto answered = call.control.change(*wish);
  if (!answered) return problem_reply(answered.error());
  auto& [row, mistakes] = *answered;
  if (!mistakes.empty()) {
    auto first = mistakes.front().detail;
    return problem_reply(Problem{400, std::move(first), std::move(mistakes)});
  }
  auto reply = json_reply(to_json(row));
  if (row.outcome == ChangeRow::Outcome::created && !row.dry_run) {
    reply.status = 201;
    reply.headers.emplace_back("Location", fmt::format("/v1/{}/{}", wish->object.table(), row.name));
  }
  if (!row.tag.empty()) reply.headers.emplace_back("ETag", quoted_tag(row.tag));
  return reply;
}

}  // namespace

Reply put_listener(const Call& call) { return change(call, ObjectKind::listener, Verb::put); }
Reply patch_listener(const Call& call) { return change(call, ObjectKind::listener, Verb::patch); }
Reply remove_listener(const Call& call) { return change(call, ObjectKind::listener, Verb::remove); }
Reply put_client(const Call& call) { return change(call, ObjectKind::client, Verb::put); }
Reply patch_client(const Call& call) { return change(call, ObjectKind::client, Verb::patch); }
Reply remove_client(const Call& call) { return change(call, ObjectKind::client, Verb::remove); }

}  // namespace tcpctl::api::handlers
