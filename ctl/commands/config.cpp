// SPDX-License-Identifier: Apache-2.0
#include "ctl/cells.hpp"
#include "ctl/commands/registry.hpp"
#include "ctl/config_file.hpp"
#include "ctl/input.hpp"
#include "ctl/sheet.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl::commands {
namespace {

constexpr std::size_t kLargestFile = std::size_t{1} << 20U;  // the daemon takes no larger body

Exit show(Context& context, const Arguments&) {
  if (context.format() == Format::csv)
    return context.usage("a configuration has no CSV; it is printed as JSON");
  const auto config = context.get("/v1/config");
  if (!config) return context.fail(config.error());
  context.print(config->dump(2) + "\n");
  return Exit::done;
}

/// Mistakes as a compiler prints them, one a line.
Exit mistakes(Context& context, const std::vector<std::string>& lines) {
  for (const auto& line : lines) context.environment().err.write(safe(line) + "\n");
  return Exit::failed;
}

std::vector<std::string> placed(const std::vector<Json>& errors, const ConfigFile& file) {
  std::vector<std::string> lines;
  lines.reserve(errors.size());
  for (const auto& error : errors) {
    lines.push_back(file.place(error.text("pointer").value_or("")) + ": " +
                    error.text("detail").value_or("-"));
  }
  return lines;
}

Exit check(Context& context, const Arguments& arguments) {
  const auto name = arguments.word("FILE");
  const auto text = read_input(context, name, kLargestFile);
  if (!text) return context.fail(text.error());
  const ConfigFile file{name, *text};
  if (!file.mistakes().empty()) return mistakes(context, file.mistakes());
  Call call;
  call.method = "POST";
  call.path = "/v1/config/check";
  call.body = file.json();
  const auto reply = context.client().ask(call);
  if (!reply) return context.fail(reply.error());
  const auto answer = Json::parse(reply->body).value_or(Json{});
  if (context.format() == Format::json && answer.is_object()) context.print(answer.dump(2) + "\n");
  const auto errors = answer.items("errors");
  if (reply->status == 400 && !errors.empty()) return mistakes(context, placed(errors, file));
  if (reply->status != 200) return context.fail(explain(*reply, context.client().host()));
  if (context.for_people()) context.print(safe(name) + ": no mistakes\n");
  return Exit::done;
}

std::string applies_in_words(const std::string& applies) {
  if (applies == "new_connections") return "for new connections";
  if (applies == "rebind") return "now, its sockets are made anew";
  if (applies == "restart") return "after a restart";
  return applies;
}

std::string reload_text(const Json& reload, const View& view) {
  Sheet sheet{view};
  sheet.group("Reloaded");
  const auto names = [&](const char* label, Tone tone) {
    const auto items = reload.items(label);
    sheet.fact(label, items.empty() ? "none" : joined(items), items.empty() ? Tone::plain : tone);
  };
  names("added", Tone::good);
  for (const auto& change : reload.items("changed")) {
    std::string keys;
    for (const auto& [key, applies] : change.members("keys")) {
      keys += (keys.empty() ? "" : ", ") + key + " (" + applies_in_words(applies.raw()) + ")";
    }
    sheet.fact("changed", change.text("name").value_or("-") + ": " + keys);
  }
  names("removed", Tone::plain);
  names("kept", Tone::plain);
  names("failed", Tone::bad);
  return sheet.text();
}

Exit reload(Context& context, const Arguments&) {
  Call call;
  call.method = "POST";
  call.path = "/v1/config/reload";
  call.patience = std::chrono::seconds{60};
  const auto reply = context.client().ask(call);
  if (!reply) return context.fail(reply.error());
  const auto answer = Json::parse(reply->body).value_or(Json{});
  if (context.format() == Format::json && answer.is_object()) context.print(answer.dump(2) + "\n");
  if (reply->status == 200) {
    if (context.format() != Format::json) context.print(reload_text(answer, context.view()));
    return Exit::done;
  }
  const auto errors = answer.items("errors");
  if (errors.empty()) return context.fail(explain(*reply, context.client().host()));
  for (const auto& error : errors)
    context.environment().err.write(safe(error.text("detail").value_or("-")) + "\n");
  return context.fail(
      {explain(*reply, context.client().host()).exit, safe(answer.text("detail").value_or("refused"))});
}

}  // namespace

Noun config_noun() {
  return {"config",
          {},
          "the configuration",
          {{"show", "the running configuration as JSON", "tcpctl config show", {}, {}, show},
           {"check",
            "let the daemon judge a file; nothing changes",
            "tcpctl config check /etc/tcpctl/tcpctld.toml",
            {{"FILE", "TOML, or JSON (NAME.json, or '-' for standard input)"}},
            {},
            check},
           {"reload",
            "let the daemon read its files anew, and tell what changed",
            "tcpctl config reload",
            {},
            {},
            reload}}};
}

}  // namespace tcpctl::ctl::commands
