// SPDX-License-Identifier: Apache-2.0
#include "ctl/run.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "base/text.hpp"
#include "ctl/cli.hpp"
#include "ctl/commands/registry.hpp"
#include "ctl/completion.hpp"
#include "ctl/context.hpp"
#include "ctl/help.hpp"
#include "ctl/manual.hpp"
#include "ctl/terminal.hpp"
#include "ctl/token.hpp"

namespace tcpctl::ctl {
namespace {

Answer<Format> parse_format(const std::string& text) {
  if (text == "table") return Format::table;
  if (text == "wide") return Format::wide;
  if (text == "json") return Format::json;
  if (text == "csv") return Format::csv;
  return refuse(Exit::usage, "there is no output '" + safe(text) + "'; write -o table, wide, json or csv");
}

std::optional<std::size_t> columns(const Environment& environment) {
  if (const auto text = environment.variable("COLUMNS")) {
    std::size_t width = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), width);
    if (error == std::errc{} && end == text->data() + text->size() && width > 0) return width;
  }
  if (!environment.terminal) return std::nullopt;
  return environment.terminal_width.value_or(80);
}

/// The locale's characters, as setlocale(3) chooses them.
bool has_utf8(const Environment& environment) {
  for (const auto* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const auto locale = environment.variable(name);
    if (!locale) continue;
    std::string charset = locale->substr(std::min(locale->find('.'), locale->size()));
    std::ranges::transform(charset, charset.begin(), [](unsigned char c) { return std::tolower(c); });
    return charset.starts_with(".utf-8") || charset.starts_with(".utf8");
  }
  return false;
}

View view_of(const CommandLine& line, const Environment& environment, Format format) {
  View view;
  const auto kind = environment.variable("TERM");
  view.color =
      environment.terminal && !line.no_color && !environment.variable("NO_COLOR") && kind && *kind != "dumb";
  view.utc = line.utc;
  view.wide = format == Format::wide;
  view.unicode = has_utf8(environment);
  view.width = columns(environment);
  return view;
}

/// The token to show; "" for none. What it is never gets into a Failure.
Answer<std::string> token_of(const CommandLine& line, const Environment& environment) {
  if (line.token_file) return read_token(*line.token_file);
  auto token = environment.variable("TCPCTL_TOKEN").value_or("");
  if (!may_be_token(token))
    return refuse(Exit::usage, "TCPCTL_TOKEN holds a blank or a character that no token has");
  return token;
}

Answer<Globals> globals_of(const CommandLine& line, const Environment& environment) {
  Globals globals;
  const auto asked =
      line.host ? *line.host : environment.variable("TCPCTL_HOST").value_or(std::string{kDefaultHost});
  auto host = parse_host(asked);
  if (!host) return tl::make_unexpected(host.error());
  globals.host = std::move(*host);
  const auto format = parse_format(line.format.value_or("table"));
  if (!format) return tl::make_unexpected(format.error());
  globals.format = *format;
  auto token = token_of(line, environment);
  if (!token) return tl::make_unexpected(token.error());
  globals.token = std::move(*token);
  globals.view = view_of(line, environment, globals.format);
  return globals;
}

Exit print_help(const CommandLine& line, const std::vector<Noun>& nouns, Environment& environment) {
  if (line.noun == nullptr) {
    environment.out.write(help_text(nouns));
  } else if (line.verb == nullptr) {
    environment.out.write(help_text(*line.noun));
  } else {
    environment.out.write(help_text(*line.noun, *line.verb));
  }
  return Exit::done;
}

Exit complain(const Failure& failure, Environment& environment) {
  environment.err.write("tcpctl: " + failure.line + "\n");
  return failure.exit;
}

}  // namespace

Exit run(const std::vector<std::string>& arguments, Environment& environment,
         const std::vector<Noun>& nouns) {
  if (!arguments.empty() && arguments.front() == kCompleteWord) {
    environment.out.write(
        completion_text(complete({arguments.begin() + 1, arguments.end()}, nouns, environment)));
    return Exit::done;
  }
  if (arguments.size() == 1 && arguments.front() == kManualWord) {
    environment.out.write(manual_text(nouns));
    return Exit::done;
  }
  const auto line = parse_command_line(arguments, nouns);
  if (!line) return complain(line.error(), environment);
  if (line->help) return print_help(*line, nouns, environment);
  auto globals = globals_of(*line, environment);
  if (!globals) return complain(globals.error(), environment);
  Context context{environment, std::move(*globals)};
  if (line->version) return commands::versions(context);
  return line->verb == nullptr ? commands::overview(context) : line->verb->run(context, line->arguments);
}

}  // namespace tcpctl::ctl
