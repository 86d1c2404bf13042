// SPDX-License-Identifier: Apache-2.0
#include "api/handlers.hpp"
#include "api/name_page.hpp"

namespace tcpctl::api::handlers {
namespace {

/// What the listener in the path is, once it is changed.
Reply changed(const Call& call, const Result<void>& done) {
  if (!done) return problem_reply(done.error());
  return answer(call.control.listener(call.in_path("name"), call.hides_secrets()));
}

}  // namespace

Reply get_listeners(const Call& call) { return answer_page(call, call.control.listeners()); }
Reply get_listener(const Call& call) {
  return answer_tagged(call.control.listener(call.in_path("name"), call.hides_secrets()));
}
Reply pause_listener(const Call& call) {
  return changed(call, call.control.pause_listener(call.in_path("name")));
}
Reply resume_listener(const Call& call) {
  return changed(call, call.control.resume_listener(call.in_path("name")));
}
Reply drain_listener(const Call& call) {
  const auto time = drain_time(call.query);
  if (!time) return problem_reply(time.error());
  return changed(call, call.control.drain_listener(call.in_path("name"), *time));
}

}  // namespace tcpctl::api::handlers
