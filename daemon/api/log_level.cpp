// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "api/body.hpp"
#include "api/handlers.hpp"
#include "base/log.hpp"

namespace tcpctl::api::handlers {

Reply get_log_level(const Call& /*call*/) { return json_reply({{"level", log::level_name(log::level())}}); }

Reply put_log_level(const Call& call) {
  const auto object = read_object(call.body, {"level"});
  if (!object) return problem_reply(object.error());
  const auto word = text_member(*object, "level");
  if (!word) return problem_reply(word.error());
  const auto level = log::parse_level(*word);
  if (!level) return problem_reply(Problem{400, level.error().what, {{"/level", level.error().what}}});
  const auto done = call.control.set_log_level(*level);
  if (!done) return problem_reply(done.error());
  return json_reply({{"level", log::level_name(*level)}});
}

}  // namespace tcpctl::api::handlers
