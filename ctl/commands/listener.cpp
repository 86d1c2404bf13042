// SPDX-License-Identifier: Apache-2.0
#include "ctl/cells.hpp"
#include "ctl/columns.hpp"
#include "ctl/commands/registry.hpp"
#include "ctl/drain_run.hpp"
#include "ctl/ends_sheet.hpp"
#include "ctl/format.hpp"
#include "ctl/listing.hpp"
#include "ctl/object_verbs.hpp"
#include "ctl/sheet.hpp"

namespace tcpctl::ctl::commands {
namespace {

std::string path_of(const std::string& name) { return object_path(listener_kind(), name); }

Exit list(Context& context, const Arguments& arguments) {
  return list_all(context, arguments, "/v1/listeners", listener_columns());
}

std::string queue_text(const Json& address) {
  const auto queue = exact_count(address, "queue");
  return queue.empty() ? "" : ", accept queue " + queue + " of " + exact_count(address, "queue_max");
}

void addresses(Sheet& sheet, const Json& listener) {
  sheet.group("Addresses");
  for (const auto& address : listener.items("addresses")) {
    const auto configured = address.text("configured").value_or("");
    const auto bound = address.text("bound").value_or("");
    const auto state = address.text("state").value_or("");
    auto text = configured;
    if (!bound.empty() && bound != configured) text += " (bound " + bound + ")";
    text += " " + state + queue_text(address);
    if (const auto error = address.text("error")) text += ": " + *error;
    sheet.line(text, tone_of_state(state) == Tone::good ? Tone::plain : tone_of_state(state));
  }
}

std::string sheet_text(const Json& listener, const View& view) {
  Sheet sheet{view};
  const auto state = listener.text("state").value_or("");
  sheet.group("Listener " + listener.text("name").value_or("-"));
  sheet.fact("State", state, tone_of_state(state));
  if (const auto error = listener.text("error")) sheet.fact("Error", *error, Tone::bad);
  if (listener.at("drain").is_object())
    sheet.fact("Drained by", moment(listener, "drain.ends_at", view, Precision::seconds));
  sheet.fact("Service", listener.text("service").value_or(""));
  sheet.fact("Declared in", listener.text("source").value_or(""));
  addresses(sheet, listener);
  sheet.group("Connections");
  const auto limit = exact_count(listener, "connections.limit");
  sheet.fact("Active",
             exact_count(listener, "connections.active") + (limit.empty() ? ", no limit" : " of " + limit));
  sheet.fact("Peak", exact_count(listener, "connections.peak"));
  sheet.fact("Accepted", exact_count(listener, "connections.accepted_total"));
  sheet.fact("Refused", counts_in_words(listener, "connections.refused_total"));
  sheet.fact("In", exact_bytes(listener, "bytes_in_total"));
  sheet.fact("Out", exact_bytes(listener, "bytes_out_total"));
  add_ends(sheet, listener.at("ends"));
  add_members(sheet, "Configuration", listener.at("config"));
  return sheet.text();
}

Exit show(Context& context, const Arguments& arguments) {
  const auto listener = context.get(path_of(arguments.word("NAME")));
  if (!listener) return context.fail(listener.error());
  if (!context.for_people()) return context.object(*listener, listener_columns());
  context.print(sheet_text(*listener, context.view()));
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

Exit wait_until_drained(Context& context, const std::string& name) {
  Draining draining;
  draining.label = "listener " + name;
  draining.listener = name;
  draining.undo = "tcpctl listener resume " + name;
  draining.state = [&]() -> Answer<Draining::State> {
    const auto listener = context.get(path_of(name));
    if (!listener) return tl::make_unexpected(listener.error());
    return drain_state(*listener);
  };
  return wait_for_drain(context, draining);
}

Exit drain(Context& context, const Arguments& arguments) {
  const auto time = drain_time(arguments);
  if (!time) return context.fail(time.error());
  const auto name = arguments.word("NAME");
  Call call;
  call.method = "POST";
  call.path = path_of(name) + "/drain" + (*time ? Query{}.add("drain", **time).text() : "");
  const auto answer = context.ask(call);
  if (!answer) return context.fail(answer.error());
  if (!arguments.has("--wait"))
    return context.outcome(*answer,
                           "listener " + name + ": draining; it accepts nothing new, its connections end");
  const auto exit = wait_until_drained(context, name);
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
       {"resume", "accept again", "tcpctl listener resume web", {name}, {}, resume},
       {"drain",
        "stop accepting, and end the connections without haste",
        "tcpctl listener drain web --time 1m --wait",
        {name},
        drain_options(),
        drain}});
  return {"listener", {"listeners"}, "where the daemon accepts connections", std::move(verbs)};
}

}  // namespace tcpctl::ctl::commands
