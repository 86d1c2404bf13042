// SPDX-License-Identifier: Apache-2.0
#include "ctl/client.hpp"

#include <charconv>

#include "ctl/base64.hpp"
#include "ctl/cells.hpp"
#include "ctl/columns.hpp"
#include "ctl/commands/registry.hpp"
#include "ctl/ends_sheet.hpp"
#include "ctl/input.hpp"
#include "ctl/probe_sheet.hpp"
#include "ctl/sheet.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl::commands {
namespace {

// As base64 in JSON this stays below the 1 MiB that the daemon takes.
constexpr std::size_t kLargestSend = std::size_t{512} << 10U;
constexpr std::chrono::seconds kProbePatience{120};

std::string path_of(const std::string& name) { return "/v1/clients/" + percent_encoded(name); }

Exit list(Context& context, const Arguments&) { return context.list("/v1/clients", {}, client_columns()); }

void keep_facts(Sheet& sheet, const Json& client) {
  sheet.group("Connections");
  sheet.fact("Up",
             exact_count(client, "connections.up") + " of " + exact_count(client, "connections.wanted"));
  sheet.fact("Connecting", exact_count(client, "connections.connecting"));
  sheet.fact("Backing off", exact_count(client, "connections.backing_off"));
  sheet.fact("Attempts", exact_count(client, "attempts_total"));
  sheet.fact("Failed", counts_in_words(client, "failures_total"));
  if (const auto failure = client.text("last_failure")) sheet.fact("Last failure", *failure, Tone::warn);
  if (const auto wait = client.number("next_attempt_in_ms")) sheet.fact("Next try in", span_text(*wait));
  sheet.fact("In", exact_bytes(client, "bytes_in_total"));
  sheet.fact("Out", exact_bytes(client, "bytes_out_total"));
  add_ends(sheet, client.at("ends"));
}

std::string sheet_text(const Json& client, const View& view) {
  Sheet sheet{view};
  const auto state = client.text("state").value_or("");
  sheet.group("Client " + client.text("name").value_or("-"));
  sheet.fact("State", state, tone_of_state(state));
  if (const auto error = client.text("error")) sheet.fact("Error", *error, Tone::bad);
  sheet.fact("Mode", client.text("mode").value_or(""));
  sheet.fact("Address", client.text("address").value_or(""));
  sheet.fact("Resolved", joined(client.items("resolved")));
  if (const auto error = client.text("resolve_error")) sheet.fact("Look-up failed", *error, Tone::bad);
  sheet.fact("Declared in", client.text("source").value_or(""));
  keep_facts(sheet, client);
  if (client.at("last_probe").is_object()) add_probe(sheet, "Last probe", client.at("last_probe"), view);
  add_members(sheet, "Configuration", client.at("config"));
  return sheet.text();
}

Exit show(Context& context, const Arguments& arguments) {
  const auto client = context.get(path_of(arguments.word("NAME")));
  if (!client) return context.fail(client.error());
  if (!context.for_people()) return context.object(*client, client_columns());
  context.print(sheet_text(*client, context.view()));
  return Exit::done;
}

Exit act(Context& context, const Arguments& arguments, const std::string& action, const std::string& done) {
  const auto name = arguments.word("NAME");
  Call call;
  call.method = "POST";
  call.path = path_of(name) + "/" + action;
  const auto answer = context.ask(call);
  if (!answer) return context.fail(answer.error());
  return context.outcome(*answer, "client " + name + ": " + done);
}

Exit pause(Context& context, const Arguments& arguments) {
  return act(context, arguments, "pause", "paused; it makes no new connections");
}
Exit resume(Context& context, const Arguments& arguments) {
  return act(context, arguments, "resume", "works again");
}
Exit reconnect(Context& context, const Arguments& arguments) {
  return act(context, arguments, "reconnect", "its connections end and are made anew");
}

/// What to send: TEXT, a file's bytes or stdin's.
Answer<std::string> payload(Context& context, const Arguments& arguments) {
  const auto text = arguments.get("TEXT");
  const auto file = arguments.get("--file");
  if (text.has_value() == file.has_value()) {
    return refuse(Exit::usage, "what is to be sent? write TEXT, '-f FILE', or '-' for standard input");
  }
  if (file) return read_input(context, *file, kLargestSend);
  auto bytes = *text == "-" ? read_input(context, "-", kLargestSend) : Answer<std::string>{*text};
  if (bytes && arguments.has("--line")) *bytes += '\n';
  if (bytes && bytes->size() > kLargestSend)
    return refuse(Exit::usage, "TEXT is larger than 512 KiB; send it in parts");
  return bytes;
}

Exit send(Context& context, const Arguments& arguments) {
  const auto bytes = payload(context, arguments);
  if (!bytes) return context.fail(bytes.error());
  const auto name = arguments.word("NAME");
  Call call;
  call.method = "POST";
  call.path = path_of(name) + "/send";
  call.body = R"({"base64": ")" + to_base64(*bytes) + R"("})";
  const auto answer = context.ask(call);
  if (!answer) return context.fail(answer.error());
  const auto taken = exact_count(*answer, "sent_bytes");
  return context.outcome(*answer, "client " + name + ": took " + (taken.empty() ? "the" : taken) + " bytes");
}

Exit received(Context& context, const Arguments& arguments) {
  Query query;
  if (const auto from = arguments.get("--from")) {
    std::uint64_t offset = 0;
    const auto [end, error] = std::from_chars(from->data(), from->data() + from->size(), offset);
    if (error != std::errc{} || end != from->data() + from->size()) {
      return context.usage("--from: '" + safe(*from) + "' is no number of bytes");
    }
    query.add("from", *from);
  }
  const auto answer = context.get(path_of(arguments.word("NAME")) + "/received" + query.text());
  if (!answer) return context.fail(answer.error());
  if (!context.for_people())
    return context.object(*answer, {{.title = "FROM", .field = "from"},
                                    {.title = "NEXT", .field = "next"},
                                    {.title = "LOST", .field = "lost_bytes"},
                                    {.title = "BASE64", .field = "base64"}});
  const auto bytes = from_base64(answer->text("base64").value_or(""));
  if (!bytes) return context.fail({Exit::failed, "the daemon's answer holds no base64"});
  if (answer->number("lost_bytes").value_or(0) > 0) {
    context.warn(exact_count(*answer, "lost_bytes") + " older bytes are gone; the last 64 KiB are kept");
  }
  context.print(context.environment().terminal ? safe_lines(*bytes) : *bytes);
  return Exit::done;
}

Exit run_probe(Context& context, const Arguments& arguments) {
  const auto name = arguments.word("NAME");
  Call call;
  call.method = "POST";
  call.path = path_of(name) + "/run";
  call.patience = kProbePatience;
  const auto probe = context.ask(call);
  if (!probe) return context.fail(probe.error());
  if (context.for_people()) {
    Sheet sheet{context.view()};
    add_probe(sheet, "Probe " + name, *probe, context.view());
    context.print(sheet.text());
  } else {
    (void)context.object(*probe, {{.title = "SUCCESS", .field = "success"},
                                  {.title = "RESULT", .field = "result"},
                                  {.title = "STEP", .field = "failed_step"},
                                  {.title = "MS", .field = "duration_ms"},
                                  {.title = "AT", .field = "at"}});
  }
  return probe->truth("success").value_or(false) ? Exit::done : Exit::failed;
}

}  // namespace

Noun client_noun() {
  const Positional name{"NAME", "the client's name"};
  return {
      "client",
      {"clients"},
      "outbound connections that are kept up, and probes",
      {{"list", "every client with its state and traffic", "tcpctl client", {}, {}, list},
       {"show", "all facts of one client", "tcpctl client show feed", {name}, {}, show},
       {"pause", "make no new connections", "tcpctl client pause feed", {name}, {}, pause},
       {"resume", "connect again", "tcpctl client resume feed", {name}, {}, resume},
       {"reconnect",
        "end its connections and make them anew",
        "tcpctl client reconnect feed",
        {name},
        {},
        reconnect},
       {"send",
        "send bytes on its connections",
        "printf 'PING\\r\\n' | tcpctl client send feed -",
        {name,
         {"TEXT", "the text as it is, nothing added; '-' for standard input", Positional::Count::optional}},
        {{"-f,--file", "FILE", "send the bytes of FILE"}, {"--line", "", "add a line feed to TEXT"}},
        send},
       {"received",
        "the last bytes it received, as they are",
        "tcpctl client received feed | tail",
        {name},
        {{"--from", "OFFSET", "from this byte on, counted from the client's start"}},
        received},
       {"run",
        "run a probe now; exit status 1 if it fails",
        "tcpctl client run smtp-check",
        {name},
        {},
        run_probe}}};
}

}  // namespace tcpctl::ctl::commands
