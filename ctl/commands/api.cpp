// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

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
  return call;
}

Exit run(Context& context, const Arguments& arguments) {
  const auto call = call_of(context, arguments);
  if (!call) return context.fail(call.error());
  const auto reply = context.client().ask(*call);
  if (!reply) return context.fail(reply.error());
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
            {{"-d,--data", "JSON|@FILE|-", "the body: JSON itself, a file's, or that of standard input"}},
            run}}};
}

}  // namespace tcpctl::ctl::commands
