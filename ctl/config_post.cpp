// SPDX-License-Identifier: Apache-2.0
#include "ctl/config_post.hpp"

#include "ctl/terminal.hpp"

namespace tcpctl::ctl {

tl::expected<Json, Refused> post_config(const Context& context, const std::string& path) {
  Call call;
  call.method = "POST";
  call.path = path;
  call.patience = std::chrono::seconds{60};
  const auto reply = context.client().ask(call);
  if (!reply) return tl::make_unexpected(Refused{reply.error(), {}});
  auto answer = Json::parse(reply->body).value_or(Json{});
  if (reply->status == 200 && answer.is_object()) return answer;
  auto failure = explain(*reply, context.client().host());
  // The mistakes have lines of their own.
  if (!answer.items("errors").empty()) failure.line = safe(answer.text("detail").value_or("refused"));
  return tl::make_unexpected(Refused{std::move(failure), std::move(answer)});
}

Exit tell(Context& context, const Refused& refused) {
  for (const auto& error : refused.answer.items("errors"))
    context.environment().err.write(safe(error.text("detail").value_or("-")) + "\n");
  return context.fail(refused.failure);
}

}  // namespace tcpctl::ctl
