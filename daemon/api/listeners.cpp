// SPDX-License-Identifier: Apache-2.0
#include "api/handlers.hpp"
#include "api/name_page.hpp"

namespace tcpctl::api::handlers {
namespace {

/// Does `change` to the listener in the path and answers what it then is.
Reply changed(const Call& call, Result<void> (ControlPlane::*change)(const std::string&)) {
  const auto& name = call.in_path("name");
  const auto done = (call.control.*change)(name);
  if (!done) return problem_reply(done.error());
  return answer(call.control.listener(name));
}

}  // namespace

Reply get_listeners(const Call& call) { return answer_page(call, call.control.listeners()); }
Reply get_listener(const Call& call) { return answer(call.control.listener(call.in_path("name"))); }
Reply pause_listener(const Call& call) { return changed(call, &ControlPlane::pause_listener); }
Reply resume_listener(const Call& call) { return changed(call, &ControlPlane::resume_listener); }
Reply drain_listener(const Call& call) { return changed(call, &ControlPlane::drain_listener); }

}  // namespace tcpctl::api::handlers
