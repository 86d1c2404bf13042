// SPDX-License-Identifier: Apache-2.0
#include "ctl/object_verbs.hpp"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "ctl/cells.hpp"
#include "ctl/change_text.hpp"
#include "ctl/config_post.hpp"
#include "ctl/config_text.hpp"
#include "ctl/confirm.hpp"
#include "ctl/drain_run.hpp"
#include "ctl/each.hpp"
#include "ctl/input.hpp"
#include "ctl/object_config.hpp"
#include "ctl/terminal.hpp"
#include "ctl/wait_run.hpp"

namespace tcpctl::ctl {
namespace {

constexpr std::size_t kLargestBody = std::size_t{1} << 20U;  // the daemon takes no more
constexpr const char* kWord = "KEY=VALUE";

/// What is to be sent, and to whom.
struct Wish {
  std::string name;
  std::unique_ptr<ObjectConfig> config;
};

Answer<void> take_words(ObjectConfig& config, const ObjectKind& kind, const Arguments& arguments,
                        const std::vector<std::string>& words) {
  for (const auto& option : kind.keys) {
    const auto values = arguments.all(option.option);
    if (values.empty()) continue;
    if (auto taken = config.take_option(option, values); !taken) return taken;
  }
  for (const auto& word : words) {
    if (auto taken = config.take_word(word); !taken) return taken;
  }
  for (const auto& key : arguments.all("--unset")) {
    if (auto taken = config.take_away(key); !taken) return taken;
  }
  return {};
}

Answer<std::string> name_of(const ObjectKind& kind, const std::string& verb, const std::string& written,
                            const std::string& declared) {
  if (written.empty() && declared.empty()) {
    return refuse(Exit::usage, fmt::format("NAME is missing; write 'tcpctl {} {} NAME ...', or a file with "
                                           "[{}.NAME]",
                                           kind.noun, verb, kind.table));
  }
  if (!written.empty() && !declared.empty() && written != declared) {
    return refuse(Exit::usage, fmt::format("the file declares '{}', not '{}'; leave NAME out, or write its "
                                           "keys alone",
                                           safe(declared), safe(written)));
  }
  return written.empty() ? declared : written;
}

Answer<Wish> wish_of(Context& context, const Arguments& arguments, const ObjectKind& kind,
                     const std::string& verb) {
  Wish wish{{}, std::make_unique<ObjectConfig>(kind)};
  auto name = arguments.word("NAME");
  auto words = arguments.all(kWord);
  if (name.find('=') != std::string::npos) {  // no name has one: NAME was left out
    words.insert(words.begin(), std::exchange(name, ""));
  }
  if (const auto file = arguments.get("--file")) {
    const auto text = read_input(context, *file, kLargestBody);
    if (!text) return tl::make_unexpected(text.error());
    if (auto taken = wish.config->take_file(input_name(*file), *text); !taken)
      return tl::make_unexpected(std::move(taken).error());
  }
  if (auto taken = take_words(*wish.config, kind, arguments, words); !taken)
    return tl::make_unexpected(std::move(taken).error());
  auto chosen = name_of(kind, verb, name, wish.config->name());
  if (!chosen) return tl::make_unexpected(std::move(chosen).error());
  wish.name = *std::move(chosen);
  return wish;
}

/// Prints the answer to a change as JSON, which people have had in words, and saves if that is wanted; what
/// was saved is `save` of the JSON.
Exit conclude(Context& context, const Arguments& arguments, Json answer) {
  const bool saves = arguments.has("--save") && !arguments.has("--dry-run");
  const auto saved = saves ? post_config(context, "/v1/config/save") : Json{};
  if (context.format() == Format::json) {
    if (saves) answer = answer.with("save", saved.value_or(Json{}));
    if (!answer.is_null()) context.print(answer.dump(2) + "\n");
  } else if (saves && saved) {
    context.print(safe(saved_line(*saved)) + "\n");
  }
  if (saved) return Exit::done;
  auto refused = saved.error();
  refused.failure.line = fmt::format("it holds, but was not saved: {}", refused.failure.line);
  return tell(context, refused);
}

Exit tell_mistakes(Context& context, const std::vector<Json>& errors, const ObjectConfig& config) {
  for (const auto& error : errors) {
    const auto line = config.mistake(error.text("pointer").value_or(""), error.text("detail").value_or("-"));
    context.environment().err.write(line + "\n");
  }
  return Exit::failed;
}

Exit tell_change(Context& context, const Arguments& arguments, const ObjectKind& kind, const Json& change) {
  Json object;
  if (context.for_people() && change.text("outcome") == "created" && !arguments.has("--dry-run")) {
    object = context.get(object_path(kind, change.text("name").value_or(""))).value_or(Json{});
  }
  if (context.format() != Format::json) (void)context.outcome(change, change_text(kind, change, object));
  return conclude(context, arguments, change);
}

/// Sends `wish` and tells what came of it; `exists` is said where it must be new, and is not.
Exit send(Context& context, const Arguments& arguments, const ObjectKind& kind, Call call,
          const ObjectConfig& config, const std::string& exists) {
  if (arguments.has("--dry-run")) call.path += Query{}.add("dry_run", "true").text();
  call.body = config.json();
  const auto reply = context.client().ask(call);
  if (!reply) return context.fail(reply.error());
  const auto answer = Json::parse(reply->body).value_or(Json{});
  const auto errors = answer.items("errors");
  if (reply->status == 400 && !errors.empty()) return tell_mistakes(context, errors, config);
  if (reply->status == 412 && !exists.empty()) return context.fail({Exit::failed, exists});
  if (reply->status < 200 || reply->status > 299 || !answer.is_object())
    return context.fail(explain(*reply, context.client().host()));
  return tell_change(context, arguments, kind, answer);
}

// --- rm -------------------------------------------------------------------------------------------

/// "12 open connections", "" for none.
std::string open_text(const ObjectKind& kind, const Json& object) {
  const auto* path = kind.drains ? "connections.active" : "connections.up";
  const auto count = object.count(path).value_or(0);
  if (count == 0) return {};
  return fmt::format("{} open connection{}", exact_count(object, path), count == 1 ? "" : "s");
}

std::string fate_text(const ObjectKind& kind, const Arguments& arguments) {
  if (!kind.drains) return "to be ended";
  const auto drain = arguments.get("--drain");
  return drain ? fmt::format("to be ended within {}", *drain) : "to be left alone";
}

/// Asks before several are removed; at a terminal also before one that has connections, which a script has
/// named. A name that is none is told by the removal.
Answer<void> confirm_removal(Context& context, const Arguments& arguments, const ObjectKind& kind,
                             const std::vector<std::string>& names) {
  if (arguments.has("--yes") || arguments.has("--dry-run")) return {};
  if (names.size() > 1) {
    return confirm(context, fmt::format("{} {}s are to be removed", names.size(), kind.noun),
                   fmt::format("remove {}", fmt::join(names, ", ")));
  }
  if (!context.environment().input_terminal) return {};
  const auto object = context.get(object_path(kind, names.front()));
  if (!object) return tl::make_unexpected(object.error());
  const auto open = open_text(kind, *object);
  if (open.empty()) return {};
  return confirm(context,
                 fmt::format("{} {} has {}, {}", kind.noun, names.front(), open, fate_text(kind, arguments)),
                 "remove it");
}

Answer<Query> removal_query(const Arguments& arguments) {
  Query query;
  const auto drain = drain_time(arguments, "--drain");
  if (!drain) return tl::make_unexpected(drain.error());
  if (*drain) query.add("drain", **drain);
  if (arguments.has("--dry-run")) query.add("dry_run", "true");
  return query;
}

std::vector<Option> with_keys(const ObjectKind& kind, std::vector<Option> options) {
  for (const auto& key : kind.keys) options.push_back(key.as_option());
  return options;
}

}  // namespace

std::string object_path(const ObjectKind& kind, const std::string& name) {
  return fmt::format("/v1/{}/{}", kind.table, percent_encoded(name));
}

Exit add_object(Context& context, const Arguments& arguments, const ObjectKind& kind) {
  const auto wish = wish_of(context, arguments, kind, "add");
  if (!wish) return context.fail(wish.error());
  if (const auto& key = wish->config->taken_away(); !key.empty()) {
    return context.usage(fmt::format("{}: a key is taken away by 'set'; an empty text is written {}='\"\"'",
                                     safe(key), safe(key)));
  }
  Call call;
  call.method = "PUT";
  call.path = object_path(kind, wish->name);
  std::string exists;
  if (!arguments.has("--replace")) {
    call.headers.emplace_back("If-None-Match", "*");
    exists = fmt::format("{} {} exists already; change it with 'tcpctl {} set', or write --replace",
                         kind.noun, safe(wish->name), kind.noun);
  }
  return send(context, arguments, kind, std::move(call), *wish->config, exists);
}

Exit set_object(Context& context, const Arguments& arguments, const ObjectKind& kind) {
  const auto wish = wish_of(context, arguments, kind, "set");
  if (!wish) return context.fail(wish.error());
  if (wish->config->is_empty()) {
    return context.usage(
        fmt::format("what is to be changed? write KEY=VALUE, as in 'tcpctl {} set {} close_timeout=10s'",
                    kind.noun, safe(wish->name)));
  }
  Call call;
  call.method = "PATCH";
  call.path = object_path(kind, wish->name);
  return send(context, arguments, kind, std::move(call), *wish->config, "");
}

Exit remove_objects(Context& context, const Arguments& arguments, const ObjectKind& kind) {
  const auto names = arguments.all("NAME");
  const auto query = removal_query(arguments);
  if (!query) return context.fail(query.error());
  if (auto agreed = confirm_removal(context, arguments, kind, names); !agreed)
    return context.fail(agreed.error());
  const auto removed = with_each(
      context, names,
      [&](const std::string& name) {
        Call call;
        call.method = "DELETE";
        call.path = object_path(kind, name) + query->text();
        return context.ask(call);
      },
      [&](const std::string&, const Json& change) { return change_text(kind, change, {}); });
  if (removed.exit == Exit::unreachable) return removed.exit;
  const auto kept = conclude(context, arguments, removed.answers);
  return removed.exit == Exit::done ? kept : removed.exit;
}

Exit act_on_object(Context& context, const Arguments& arguments, const ObjectKind& kind,
                   const std::string& action, const std::string& done) {
  const auto name = arguments.word("NAME");
  Call call;
  call.method = "POST";
  call.path = fmt::format("{}/{}", object_path(kind, name), action);
  if (const auto most = wait_time(arguments); !most) return context.fail(most.error());
  const auto answer = context.ask(call);
  if (!answer) return context.fail(answer.error());
  const auto exit = context.outcome(*answer, fmt::format("{} {}: {}", kind.noun, name, done));
  if (exit != Exit::done) return exit;
  return wait_until_up(context, arguments, fmt::format("{} {}", kind.noun, name), object_path(kind, name));
}

std::vector<Verb> object_verbs(const ObjectKind& kind, RunVerb add, RunVerb set, RunVerb remove) {
  const Positional name{"NAME",
                        fmt::format("the {}'s name; may be left out where the file has it", kind.noun),
                        Positional::Count::optional};
  const Positional words{kWord, "any key as in a file: keepalive.idle=30s, allow='[\"10.0.0.0/8\"]'",
                         Positional::Count::any};
  const Option file{
      "-f,--file", "FILE",
      fmt::format("its keys, or one [{}.NAME], as TOML or JSON; '-' = standard input", kind.table)};
  const Option save{"--save", "",
                    "and save it, with all else that was changed at run time, for the next start"};
  const Option dry{"--dry-run", "", "only tell what would be done, or what is wrong"};
  std::vector<Option> removal{{"--yes", "", "ask nothing; without a terminal needed for several"}, save, dry};
  if (kind.drains)
    removal.insert(removal.begin(), {"--drain", "DURATION", "end its connections, spread over this time"});
  return {{"add",
           fmt::format("create a {}", kind.noun),
           kind.example_add,
           {name, words},
           with_keys(kind, {file, {"--replace", "", "put it in the place of one that exists"}, save, dry}),
           add},
          {"set",
           "change some of its keys",
           kind.example_set,
           {name, words},
           with_keys(kind, {file, {"--unset", "KEY", "take this key away; once for each", true}, save, dry}),
           set},
          {"rm",
           fmt::format("remove {}s", kind.noun),
           kind.example_rm,
           {{"NAME", "their names", Positional::Count::at_least_one}},
           removal,
           remove}};
}

}  // namespace tcpctl::ctl
