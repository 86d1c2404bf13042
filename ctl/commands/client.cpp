// SPDX-License-Identifier: Apache-2.0
#include "ctl/client.hpp"

#include <charconv>

#include <fmt/format.h>

#include "base/units.hpp"
#include "ctl/base64.hpp"
#include "ctl/client_sheet.hpp"
#include "ctl/columns.hpp"
#include "ctl/commands/registry.hpp"
#include "ctl/format.hpp"
#include "ctl/input.hpp"
#include "ctl/listing.hpp"
#include "ctl/object_verbs.hpp"
#include "ctl/probe_run.hpp"
#include "ctl/received.hpp"
#include "ctl/terminal.hpp"
#include "ctl/wait_run.hpp"

namespace tcpctl::ctl::commands {
namespace {

// As base64 in JSON this stays below the 1 MiB that the daemon takes.
constexpr std::size_t kLargestSend = std::size_t{512} << 10U;

std::string path_of(const std::string& name) { return object_path(client_kind(), name); }

Exit list(Context& context, const Arguments& arguments) {
  return list_all(context, arguments, "/v1/clients", client_columns());
}

Exit show(Context& context, const Arguments& arguments) {
  const auto client = context.get(path_of(arguments.word("NAME")));
  if (!client) return context.fail(client.error());
  if (!context.for_people()) return context.object(*client, client_columns());
  context.print(client_sheet(*client, context.view()));
  return Exit::done;
}

Exit pause(Context& context, const Arguments& arguments) {
  return act_on_object(context, arguments, client_kind(), "pause", "paused; it makes no new connections");
}
Exit resume(Context& context, const Arguments& arguments) {
  return act_on_object(context, arguments, client_kind(), "resume", "works again");
}
Exit reconnect(Context& context, const Arguments& arguments) {
  return act_on_object(context, arguments, client_kind(), "reconnect",
                       "its connections end and are made anew");
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

constexpr std::chrono::seconds kAckWait{5};
constexpr std::chrono::minutes kLongestAckWait{1};
constexpr std::chrono::seconds kAnswerPatience{15};

/// How long the answer may wait for the peer's acknowledgement; nothing where it is not to be waited for.
Answer<std::optional<Duration>> ack_wait(const Arguments& arguments) {
  if (!arguments.has("--wait-ack")) return std::nullopt;
  const auto text = arguments.get("--wait-ack").value_or("");
  if (text == kSwitchedOn) return kAckWait;
  const auto wait = parse_duration(text);
  if (!wait) return refuse(Exit::usage, fmt::format("--wait-ack: {}", safe(wait.error().what)));
  if (*wait < std::chrono::milliseconds{1} || *wait > kLongestAckWait)
    return refuse(Exit::usage, fmt::format("--wait-ack: '{}' is not 1ms .. 1m", safe(text)));
  return *wait;
}

/// "took 5 bytes, 3 of them are still to be sent; the peer acknowledged them after 0.41 ms"
std::string sent_text(const Json& sent) {
  const auto taken = sent.count("sent_bytes");
  auto text = fmt::format("took {} bytes", taken ? std::to_string(*taken) : "the");
  const auto kernel = sent.count("kernel_bytes");
  if (taken && kernel && *kernel < *taken)
    text += fmt::format(", the kernel {} of them, the rest waits", *kernel);
  if (const auto after = sent.number("acked_after_ms"))
    text += fmt::format("; the peer acknowledged them after {}", micros_text(*after * 1000));
  return text;
}

/// Failed where the bytes should have been acknowledged, and were not.
Exit judge_ack(Context& context, const std::string& name, const Json& sent, Duration wait) {
  if (sent.truth("acked").value_or(false)) return Exit::done;
  const auto ended = sent.text("ended");
  const auto why = ended ? fmt::format("the connection ended before: {}", safe(*ended))
                         : fmt::format("nothing within {}", duration_text(wait));
  return context.fail({Exit::failed, fmt::format("client {}: not acknowledged; {}", safe(name), why)});
}

Exit send(Context& context, const Arguments& arguments) {
  const auto wait = ack_wait(arguments);
  if (!wait) return context.fail(wait.error());
  const auto bytes = payload(context, arguments);
  if (!bytes) return context.fail(bytes.error());
  const auto name = arguments.word("NAME");
  Query query;
  if (*wait) query.add("wait_ack", duration_text(**wait));
  Call call;
  call.method = "POST";
  call.path = path_of(name) + "/send" + query.text();
  call.body = R"({"base64": ")" + to_base64(*bytes) + R"("})";
  call.patience = kAnswerPatience + std::chrono::ceil<std::chrono::milliseconds>(wait->value_or(Duration{}));
  const auto answer = context.ask(call);
  if (!answer) return context.fail(answer.error());
  const auto done = context.outcome(*answer, "client " + name + ": " + sent_text(*answer));
  return *wait ? judge_ack(context, name, *answer, **wait) : done;
}

Exit received(Context& context, const Arguments& arguments) {
  std::optional<std::uint64_t> offset;
  if (const auto from = arguments.get("--from")) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(from->data(), from->data() + from->size(), value);
    if (error != std::errc{} || end != from->data() + from->size())
      return context.usage("--from: '" + safe(*from) + "' is no number of bytes");
    offset = value;
  }
  const auto name = arguments.word("NAME");
  return arguments.has("--follow") ? follow_received(context, name, offset)
                                   : print_received(context, name, offset, arguments.has("--take"));
}

Exit run(Context& context, const Arguments& arguments) { return run_probe(context, arguments.word("NAME")); }

Exit add(Context& context, const Arguments& arguments) {
  return add_object(context, arguments, client_kind());
}
Exit set(Context& context, const Arguments& arguments) {
  return set_object(context, arguments, client_kind());
}
Exit remove(Context& context, const Arguments& arguments) {
  return remove_objects(context, arguments, client_kind());
}

}  // namespace

Noun client_noun() {
  const Positional name{"NAME", "the client's name"};
  std::vector<Verb> verbs{
      {"list", "every client with its state and traffic", "tcpctl client", {}, listing_options(), list},
      {"show", "all facts of one client", "tcpctl client show feed", {name}, {}, show}};
  for (auto& verb : object_verbs(client_kind(), add, set, remove)) verbs.push_back(std::move(verb));
  verbs.insert(
      verbs.end(),
      {{"pause", "make no new connections", "tcpctl client pause feed", {name}, {}, pause},
       {"resume",
        "connect again",
        "tcpctl client resume feed --wait",
        {name},
        wait_options("it is up"),
        resume},
       {"reconnect",
        "end its connections and make them anew",
        "tcpctl client reconnect feed --wait --timeout 30s",
        {name},
        wait_options("it is up again"),
        reconnect},
       {"send",
        "send bytes on its connections",
        "printf 'PING\\r\\n' | tcpctl client send feed -",
        {name,
         {"TEXT", "the text as it is, nothing added; '-' for standard input", Positional::Count::optional}},
        {{"-f,--file", "FILE", "send the bytes of FILE"},
         {"--line", "", "add a line feed to TEXT"},
         {"--wait-ack", "[=DURATION]", "wait until the peer's TCP has acknowledged them; default 5s"}},
        send},
       {"received",
        "the last bytes it received, as they are",
        "tcpctl client received feed | tail",
        {name},
        {{"--from", "OFFSET", "from this byte on, counted from the client's start"},
         {"--take", "", "where the peer waits for that (on_full), let it go on behind what was printed"},
         {"-f,--follow", "", "go on as they come, until interrupted; takes them"}},
        received},
       {"run",
        "run a probe now and print its steps as they are done; exit status 1 if it fails",
        "tcpctl client run smtp-check",
        {name},
        {},
        run}});
  return {"client", {"clients"}, "outbound connections that are kept up, and probes", std::move(verbs)};
}

}  // namespace tcpctl::ctl::commands
