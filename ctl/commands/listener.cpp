// SPDX-License-Identifier: Apache-2.0
#include "ctl/columns.hpp"
#include "ctl/commands/registry.hpp"
#include "ctl/drain_run.hpp"
#include "ctl/format.hpp"
#include "ctl/listener_sheet.hpp"
#include "ctl/listing.hpp"
#include "ctl/object_verbs.hpp"
#include "ctl/wait_run.hpp"

namespace tcpctl::ctl::commands {
namespace {

std::string path_of(const std::string& name) { return object_path(listener_kind(), name); }

Exit list(Context& context, const Arguments& arguments) {
  return list_all(context, arguments, "/v1/listeners", listener_columns());
}

Exit show(Context& context, const Arguments& arguments) {
  const auto listener = context.get(path_of(arguments.word("NAME")));
  if (!listener) return context.fail(listener.error());
  if (!context.for_people()) return context.object(*listener, listener_columns());
  context.print(listener_sheet(*listener, context.view()));
  return Exit::done;
}

Exit pause(Context& context, const Arguments& arguments) {
  return act_on_object(context, arguments, listener_kind(), "pause",
                       "paused; it accepts nothing new, its connections go on");
}
Exit resume(Context& context, const Arguments& arguments) {
  return act_on_object(context, arguments, listener_kind(), "resume", "accepts again");
}
Draining::State drain_state(const Json& listener) {
  return {.remaining = listener.count("connections.active").value_or(0),
          .goes_on = listener.at("drain").is_object(),
          .began_at = parse_time(listener.text("drain.began_at").value_or("")),
          .ends_at = parse_time(listener.text("drain.ends_at").value_or(""))};
}

Exit wait_until_drained(Context& context, const std::string& name,
                        std::optional<std::chrono::milliseconds> most) {
  Draining draining;
  draining.label = "listener " + name;
  draining.listener = name;
  draining.undo = "tcpctl listener resume " + name;
  draining.state = [&]() -> Answer<Draining::State> {
    const auto listener = context.get(path_of(name));
    if (!listener) return tl::make_unexpected(listener.error());
    return drain_state(*listener);
  };
  return wait_for_drain(context, draining, most);
}

Exit drain(Context& context, const Arguments& arguments) {
  const auto time = drain_time(arguments);
  if (!time) return context.fail(time.error());
  const auto most = drain_patience(arguments);
  if (!most) return context.fail(most.error());
  const auto name = arguments.word("NAME");
  Call call;
  call.method = "POST";
  call.path = path_of(name) + "/drain" + (*time ? Query{}.add("drain", **time).text() : "");
  const auto answer = context.ask(call);
  if (!answer) return context.fail(answer.error());
  if (!arguments.has("--wait"))
    return context.outcome(*answer,
                           "listener " + name + ": draining; it accepts nothing new, its connections end");
  const auto exit = wait_until_drained(context, name, *most);
  return exit == Exit::done && !context.for_people() ? show(context, arguments) : exit;
}

Exit add(Context& context, const Arguments& arguments) {
  return add_object(context, arguments, listener_kind());
}
Exit set(Context& context, const Arguments& arguments) {
  return set_object(context, arguments, listener_kind());
}
Exit remove(Context& context, const Arguments& arguments) {
  return remove_objects(context, arguments, listener_kind());
}

}  // namespace

Noun listener_noun() {
  const Positional name{"NAME", "the listener's name"};
  std::vector<Verb> verbs{
      {"list",
       "every listener with its state and traffic",
       "tcpctl listener --sort=-active --filter state=up",
       {},
       listing_options(),
       list},
      {"show", "all facts of one listener", "tcpctl listener show web", {name}, {}, show}};
  for (auto& verb : object_verbs(listener_kind(), add, set, remove)) verbs.push_back(std::move(verb));
  verbs.insert(
      verbs.end(),
      {{"pause", "stop accepting; connections go on", "tcpctl listener pause web", {name}, {}, pause},
       {"resume", "accept again", "tcpctl listener resume web", {name}, wait_options("it is up"), resume},
       {"drain",
        "stop accepting, and end the connections without haste",
        "tcpctl listener drain web --time 1m --wait",
        {name},
        drain_options(),
        drain}});
  return {"listener", {"listeners"}, "where the daemon accepts connections", std::move(verbs)};
}

}  // namespace tcpctl::ctl::commands
