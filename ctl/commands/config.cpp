// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "ctl/commands/registry.hpp"
#include "ctl/config_file.hpp"
#include "ctl/config_post.hpp"
#include "ctl/config_text.hpp"
#include "ctl/input.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl::commands {
namespace {

constexpr std::size_t kLargestFile = std::size_t{1} << 20U;  // the daemon takes no larger body

/// What `path` answers: as TOML for people, and as it is where it is for a file; as JSON with -o json.
Exit print_config(Context& context, const std::string& path, bool for_file) {
  if (context.format() == Format::csv) return context.usage("a configuration has no CSV; take -o json");
  if (context.format() == Format::json) {
    const auto config = context.get(path);
    if (!config) return context.fail(config.error());
    context.print(config->dump(2) + "\n");
    return Exit::done;
  }
  Call call;
  call.path = path;
  call.accept = "application/toml";
  const auto reply = context.client().request(call);
  if (!reply) return context.fail(reply.error());
  if (!reply->content_type.starts_with(call.accept))
    return context.fail(
        {Exit::failed, safe(context.client().host().text()) + " answers no TOML; take -o json"});
  context.print(for_file && !context.environment().terminal ? reply->body : safe_toml(reply->body));
  return Exit::done;
}

Exit show(Context& context, const Arguments&) { return print_config(context, "/v1/config", false); }

Exit export_config(Context& context, const Arguments& arguments) {
  const bool secrets = arguments.has("--secrets");
  Query query;
  query.add("secrets", secrets ? "true" : "false");
  const auto exit = print_config(context, "/v1/config" + query.text(), true);
  if (exit == Exit::done && !secrets && !context.environment().terminal)
    context.warn("secrets stand as <redacted>, which no daemon takes; --secrets writes them");
  return exit;
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
    const auto detail = error.text("detail").value_or("-");
    lines.push_back(
        fmt::format("{}: {}", file.place(error.text("pointer").value_or(""), is_of_key(detail)), detail));
  }
  return lines;
}

Exit check(Context& context, const Arguments& arguments) {
  const auto name = input_name(arguments.word("FILE"));
  const auto text = read_input(context, arguments.word("FILE"), kLargestFile);
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

/// POST `path`; `text` is what people read of the answer.
Exit post(Context& context, const std::string& path, std::string (*text)(const Json&, const View&)) {
  const auto answer = post_config(context, path);
  const auto& json = answer ? *answer : answer.error().answer;
  if (context.format() == Format::json && json.is_object()) context.print(json.dump(2) + "\n");
  if (!answer) return tell(context, answer.error());
  if (context.format() != Format::json) context.print(text(*answer, context.view()));
  return Exit::done;
}

Exit reload(Context& context, const Arguments& arguments) {
  return post(context, fmt::format("/v1/config/reload{}", arguments.has("--force") ? "?force=true" : ""),
              reload_text);
}

Exit save(Context& context, const Arguments& arguments) {
  return post(context, fmt::format("/v1/config/save{}", arguments.has("--dry-run") ? "?dry_run=true" : ""),
              saved_text);
}

Exit diff(Context& context, const Arguments& arguments) {
  Call call;
  call.path = "/v1/config/diff";
  call.patience = std::chrono::seconds{60};
  const auto answer = context.ask(call);
  if (!answer) return context.fail(answer.error());
  if (context.format() == Format::json) context.print(answer->dump(2) + "\n");
  if (const auto errors = answer->items("errors"); !errors.empty()) {
    for (const auto& error : errors) context.environment().err.write(safe(error.raw()) + "\n");
    return context.fail({Exit::failed, "the files have mistakes; there is nothing to compare with"});
  }
  if (context.format() != Format::json) context.print(diff_text(*answer, context.view()));
  const bool is_same = answer->truth("same").value_or(false);
  return arguments.has("--exit-code") && !is_same ? Exit::failed : Exit::done;
}

}  // namespace

Noun config_noun() {
  return {"config",
          {},
          "the configuration",
          {{"show", "the running configuration as TOML", "tcpctl config show", {}, {}, show},
           {"export",
            "the running configuration for a file, which gives the same daemon",
            "tcpctl config export --secrets",
            {},
            {{"--secrets", "", "with the secrets; else they are left out"}},
            export_config},
           {"diff",
            "what runs (+) against the files (-)",
            "tcpctl config diff",
            {},
            {{"--exit-code", "", "exit with 1 where they differ"}},
            diff},
           {"save",
            "keep all that was changed at run time, by whomever, for the next start",
            "tcpctl config save",
            {},
            {{"--dry-run", "", "only tell what would be written"}},
            save},
           {"check",
            "let the daemon judge a file; nothing changes",
            "tcpctl config check /etc/tcpctl/tcpctld.toml",
            {{"FILE", "TOML or JSON; '-' for standard input"}},
            {},
            check},
           {"reload",
            "let the daemon read its files anew, and tell what changed",
            "tcpctl config reload",
            {},
            {{"--force", "", "the files win over what was changed at run time"}},
            reload}}};
}

}  // namespace tcpctl::ctl::commands
