// SPDX-License-Identifier: Apache-2.0
#include "ctl/token.hpp"

#include <filesystem>
#include <optional>

#include <fmt/format.h>

#include "api/schema.hpp"
#include "base/text.hpp"
#include "ctl/commands/registry.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl::commands {
namespace {

struct Made {
  std::string name, role, token, sha256;
  std::optional<std::string> file;  // absolute, as the daemon has to find it
  /// A table of its own, so that what several tokens are told by can stand in one file.
  [[nodiscard]] std::string toml() const {
    // A bare key of TOML has no dots.
    const auto key = name.find('.') == std::string::npos ? name : fmt::format("\"{}\"", name);
    const auto source = file ? fmt::format("file = {}", json_string(*file).value_or("\"\""))
                             : fmt::format("sha256 = \"{}\"", sha256);
    return fmt::format("[api.tokens.{}]\nrole = \"{}\"\n{}\n", key, role, source);
  }
};

Answer<Made> understood(const Arguments& arguments) {
  Made made;
  made.name = arguments.word("NAME");
  if (!is_name(made.name)) {
    return refuse(Exit::usage, fmt::format("'{}' is no name: letters, digits, '_', '.' and '-', at most 64, "
                                           "a letter or digit first",
                                           safe(made.name)));
  }
  made.role = arguments.get("--role").value_or("read");
  if (const auto role = api::parse_role(made.role); !role || *role == api::Role::none) {
    return refuse(Exit::usage,
                  fmt::format("--role: '{}' is none of read, operate and admin", safe(made.role)));
  }
  const auto file = arguments.get("--out");
  if (!file) return made;
  std::error_code none;
  made.file = std::filesystem::absolute(*file, none).lexically_normal().string();
  if (file->empty() || none || !json_string(*made.file))
    return refuse(Exit::usage, "--out: FILE is empty or no UTF-8, and could not stand in the configuration");
  return made;
}

std::string how_to_use(const Made& made) {
  const std::string before =
      made.file ? fmt::format(
                      "The token is in {}. Put the lines above into the daemon's configuration; its "
                      "user has to be able to read that file:\nchown it to tcpctl, or let systemd "
                      "pass it (LoadCredential={}:FILE, and credential = \"{}\" instead of file).\n",
                      safe(*made.file), made.name, made.name)
                : fmt::format(
                      "The token above is shown this once and kept nowhere. Put into the daemon's "
                      "configuration:\n\n{}\n",
                      made.toml());
  return fmt::format(
      "{}Then 'tcpctl config reload'. To use it: tcpctl --host http://127.0.0.1:9810 --token-file {} "
      "status,\n"
      "or TCPCTL_TOKEN in the environment; others send 'Authorization: Bearer TOKEN'.\n",
      before, made.file ? safe(*made.file) : "FILE");
}

Exit print_json(Context& context, const Made& made) {
  const auto quoted = [](const std::string& text) { return json_string(text).value_or("null"); };
  context.print(fmt::format(
      "{{\"name\": {}, \"role\": {}, \"token\": {}, \"sha256\": {}, \"file\": {}, \"toml\": {}}}\n",
      quoted(made.name), quoted(made.role), made.file ? "null" : quoted(made.token), quoted(made.sha256),
      made.file ? quoted(*made.file) : "null", quoted(made.toml())));
  return Exit::done;
}

Exit run(Context& context, const Arguments& arguments) {
  if (context.format() == Format::csv) return context.usage("a new token has no CSV; write -o json");
  auto made = understood(arguments);
  if (!made) return context.fail(made.error());
  auto token = make_token();
  if (!token) return context.fail(token.error());
  made->token = *std::move(token);
  made->sha256 = sha256_hex(made->token);
  if (made->file) {
    if (const auto written = write_token(*made->file, made->token); !written)
      return context.fail(written.error());
  }
  if (context.format() == Format::json) return print_json(context, *made);
  context.print(made->file ? made->toml() : made->token + "\n");
  context.environment().err.write(how_to_use(*made));
  return Exit::done;
}

}  // namespace

Noun token_noun() {
  return {
      "token",
      {"tokens"},
      "tokens for the API over HTTP",
      {{"new",
        "make a token and what the daemon has to be told of it; asks no daemon",
        "tcpctl token new ci --role operate --out /etc/tcpctl/ci.token",
        {{"NAME", "by which the configuration and the log call it"}},
        {{"--role", "ROLE", "what it lets its bearer do: read (default), operate or admin"},
         {"-f,--out", "FILE", "write the token into FILE, a new one of mode 0600, instead of printing it"}},
        run}}};
}

}  // namespace tcpctl::ctl::commands
