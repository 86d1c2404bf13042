// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <utility>

#include "ctl/commands/registry.hpp"
#include "ctl/input.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl::commands {
namespace {

constexpr std::size_t kLargestBody = std::size_t{1} << 20U;  // the daemon takes no more

/// "{...}" itself, "@FILE" or "-".
Answer<std::string> body_of(Context& context, const std::string& data) {
  if (data == "-") return read_input(context, "-", kLargestBody);
  if (data.starts_with('@')) return read_input(context, data.substr(1), kLargestBody);
  return data;
}

bool is_path(const std::string& path) {
  return path.starts_with('/') &&
         std::all_of(path.begin(), path.end(), [](char c) { return c > ' ' && c <= '~'; });
}

bool is_method(const std::string& method) {
  return !method.empty() &&
         std::all_of(method.begin(), method.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

/// What the client itself says of every request, and where the token comes from.
constexpr std::array<std::string_view, 6> kOwnHeaders{"host",       "authorization",     "content-length",
                                                      "connection", "transfer-encoding", "expect"};

std::string lower_case(std::string text) {
  for (auto& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// A token of RFC 9110 section 5.6.2.
bool is_header_name(std::string_view name) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || kOthers.find(c) != std::string_view::npos;
  });
}

/// "If-Match: \"x\"" -> its name and its value.
Answer<std::pair<std::string, std::string>> header_of(const std::string& text) {
  const auto colon = text.find(':');
  auto name = text.substr(0, colon);
  auto value = colon == std::string::npos ? std::string{} : text.substr(colon + 1);
  value.erase(0, value.find_first_not_of(" \t"));
  value.erase(value.find_last_not_of(" \t") + 1);
  const bool has_controls =
      std::any_of(value.begin(), value.end(), [](char c) { return c < ' ' || c > '~'; });
  if (!is_header_name(name) || value.empty() || has_controls)
    return refuse(Exit::usage, "'" + safe(text) + "' is no header; write -H 'If-Match: \"TAG\"'");
  const auto plain = lower_case(name);
  if (plain == "authorization")
    return refuse(Exit::usage, "put the token into TCPCTL_TOKEN, or use --token-file");
  if (std::find(kOwnHeaders.begin(), kOwnHeaders.end(), plain) != kOwnHeaders.end())
    return refuse(Exit::usage, "the header " + name + " is tcpctl's own; leave it out");
  return std::pair{std::move(name), std::move(value)};
}

/// As curl -i shows it.
std::string head_text(const Reply& reply) {
  auto text = "HTTP/1.1 " + std::to_string(reply.status) + "\n";
  for (const auto& [name, value] : reply.headers) text += safe(name) + ": " + safe(value) + "\n";
  return text + "\n";
}

Answer<Call> call_of(Context& context, const Arguments& arguments) {
  Call call;
  call.method = arguments.word("METHOD");
  std::transform(call.method.begin(), call.method.end(), call.method.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (!is_method(call.method))
    return refuse(Exit::usage, "'" + safe(call.method) + "' is no method; write GET, POST ...");
  call.path = arguments.word("PATH");
  if (!is_path(call.path)) {
    return refuse(Exit::usage,
                  "'" + safe(call.path) + "' is no path; write '/v1/status', blanks and others as %XX");
  }
  if (const auto data = arguments.get("--data")) {
    auto body = body_of(context, *data);
    if (!body) return tl::make_unexpected(body.error());
    call.body = std::move(*body);
  }
  for (const auto& text : arguments.all("--header")) {
    auto header = header_of(text);
    if (!header) return tl::make_unexpected(std::move(header).error());
    call.headers.push_back(*std::move(header));
  }
  return call;
}

Exit run(Context& context, const Arguments& arguments) {
  const auto call = call_of(context, arguments);
  if (!call) return context.fail(call.error());
  const auto reply = context.client().ask(*call);
  if (!reply) return context.fail(reply.error());
  if (arguments.has("--include")) context.print(head_text(*reply));
  const bool ends = reply->body.empty() || reply->body.back() == '\n';
  context.print((context.environment().terminal ? safe_lines(reply->body) : reply->body) +
                (ends ? "" : "\n"));
  if (reply->status >= 200 && reply->status <= 299) return Exit::done;
  return context.fail(explain(*reply, context.client().host()));
}

}  // namespace

Noun api_noun() {
  return {"api",
          {},
          "any request to the API, and its answer as it is",
          {{"",
            "send a request to the API and print its answer as it is",
            R"(tcpctl api PUT /v1/log/level -d '{"level": "debug"}')",
            {{"METHOD", "GET, PUT, POST, PATCH or DELETE"},
             {"PATH", "with the query: '/v1/connections?limit=5'"}},
            {{"-d,--data", "JSON|@FILE|-", "the body: JSON itself, a file's, or that of standard input"},
             {"-H,--header", "'NAME: VALUE'", "a header: 'If-Match: \"TAG\"'; once for each", true},
             {"-i,--include", "", "print the answer's status and headers, too"}},
            run}}};
}

}  // namespace tcpctl::ctl::commands
