// SPDX-License-Identifier: Apache-2.0
#include "app/command_line.hpp"

#include <string>

#include <CLI/CLI.hpp>
#include <ares.h>
#include <event2/event.h>
#include <fmt/format.h>
#include <httplib.h>
#include <nlohmann/json.hpp>
#include <openssl/crypto.h>
#include <spdlog/version.h>
#include <toml++/toml.h>

namespace tcpctl {
namespace {

std::string version_text() {
  return fmt::format(
      "tcpctld {}\nlibevent {}, cpp-httplib {}, c-ares {}, {}, toml++ {}.{}.{}, nlohmann-json {}.{}.{}, "
      "spdlog {}.{}.{}, "
      "fmt {}.{}.{}",
      TCPCTL_VERSION, event_get_version(), CPPHTTPLIB_VERSION, ares_version(nullptr),
      OpenSSL_version(OPENSSL_VERSION), TOML_LIB_MAJOR, TOML_LIB_MINOR, TOML_LIB_PATCH,
      NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH, SPDLOG_VER_MAJOR,
      SPDLOG_VER_MINOR, SPDLOG_VER_PATCH, FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100);
}

}  // namespace

std::optional<CommandLine> parse_command_line(int argc, char** argv, int& status) {
  CommandLine line;
  bool check = false;
  bool keys = false;
  bool api = false;
  bool manual = false;
  CLI::App app{"Runs TCP listeners and clients, and shows the whole life of every connection.", "tcpctld"};
  app.footer(
      "Example: tcpctld --check-config -c /etc/tcpctl/tcpctld.toml\nIt is asked and steered by tcpctl(1).");
  const auto* const file =
      app.add_option("-c,--config", line.file, "The configuration; conf.d/*.toml beside it is read too")
          ->capture_default_str();
  app.add_flag("--check-config", check,
               "Say everything that is wrong with the configuration, and exit with 1 or 0");
  app.add_flag("--print-keys", keys,
               "Print every key of the configuration with type, unit, default and bounds");
  app.add_flag("--print-api", api, "Print the document of the HTTP API, OpenAPI 3.1 as JSON");
  app.add_flag("--print-manual", manual, "Print the keys in mdoc(7), for tcpctld.toml(5)")->group("");
  app.add_flag("--strict", line.strict, "Do not start while an address of a listener cannot be bound");
  app.add_flag(
      "!--no-records", line.records,
      "Keep no history, events, SYN details or last TCP_INFO of connections: to measure what they cost");
  app.set_version_flag("--version", version_text(), "Print the version and those of the libraries");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    status = app.exit(error) == 0 ? 0 : 2;
    return std::nullopt;
  }
  line.is_service = file->empty();
  if (check) line.action = CommandLine::Action::check_config;
  if (keys) line.action = CommandLine::Action::print_keys;
  if (api) line.action = CommandLine::Action::print_api;
  if (manual) line.action = CommandLine::Action::print_manual;
  return line;
}

}  // namespace tcpctl
