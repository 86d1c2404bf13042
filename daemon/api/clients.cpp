// SPDX-License-Identifier: Apache-2.0
#include "api/body.hpp"
#include "api/digest.hpp"
#include "api/handlers.hpp"
#include "api/name_page.hpp"
#include "api/query.hpp"
#include "api/rows.hpp"
#include "base/units.hpp"

namespace tcpctl::api::handlers {
namespace {

constexpr Duration kLongestPatience = std::chrono::minutes{1};

Reply changed(const Call& call, Result<void> (ControlPlane::*change)(const std::string&)) {
  const auto& name = call.in_path("name");
  const auto done = (call.control.*change)(name);
  if (!done) return problem_reply(done.error());
  return answer(call.control.client(name, call.hides_secrets()));
}

/// The bytes of {"text": …} or {"base64": …}.
Checked<std::string> bytes_to_send(std::string_view body) {
  const auto object = read_object(body, {"text", "base64"});
  if (!object) return tl::make_unexpected(object.error());
  if (object->size() != 1) return refuse(400, "the body is {\"text\": ...} or {\"base64\": ...}");
  if (object->contains("text")) return text_member(*object, "text");
  const auto written = text_member(*object, "base64");
  if (!written) return written;
  auto bytes = from_base64(*written);
  if (!bytes) return refuse(400, "'base64' is not base64", {{"/base64", "expected base64 with padding"}});
  return *std::move(bytes);
}

/// How long an acknowledgement is waited for; nothing where it is not.
Checked<std::optional<Duration>> patience(const Query& query) {
  const auto written = text(query, "wait_ack");
  if (!written) return std::optional<Duration>{};
  const auto duration = parse_duration(*written);
  if (duration && *duration > Duration{0} && *duration <= kLongestPatience) return std::optional{*duration};
  return refuse(400, "query parameter 'wait_ack' is a duration of at most 1m: 5s, 500ms");
}

/// The offset of {"upto": …}.
Checked<std::uint64_t> offset_to_take(std::string_view body) {
  const auto object = read_object(body, {"upto"});
  if (!object) return tl::make_unexpected(object.error());
  const auto upto = object->find("upto");
  if (upto == object->end() || !upto->is_number_unsigned())
    return refuse(400, "the body is {\"upto\": OFFSET}", {{"/upto", "expected a number of bytes"}});
  return upto->get<std::uint64_t>();
}

}  // namespace

Reply get_clients(const Call& call) { return answer_page(call, call.control.clients()); }
Reply get_client(const Call& call) {
  return answer_tagged(call.control.client(call.in_path("name"), call.hides_secrets()));
}
Reply get_probes(const Call& call) { return answer_all(call.control.probes(call.in_path("name"))); }
Reply pause_client(const Call& call) { return changed(call, &ControlPlane::pause_client); }
Reply resume_client(const Call& call) { return changed(call, &ControlPlane::resume_client); }
Reply reconnect_client(const Call& call) { return changed(call, &ControlPlane::reconnect_client); }
Reply run_client(const Call& call) { return answer(call.control.run(call.in_path("name"))); }

Reply send_to_client(const Call& call) {
  auto bytes = bytes_to_send(call.body);
  if (!bytes) return problem_reply(bytes.error());
  const auto wait_ack = patience(call.query);
  if (!wait_ack) return problem_reply(wait_ack.error());
  return answer(call.control.send(call.in_path("name"), *std::move(bytes), *wait_ack));
}

Reply get_received(const Call& call) {
  const auto from = number(call.query, "from", 0, 0, UINT64_MAX);
  if (!from) return problem_reply(from.error());
  return answer(call.control.received(call.in_path("name"), *from));
}

Reply take_received(const Call& call) {
  const auto upto = offset_to_take(call.body);
  if (!upto) return problem_reply(upto.error());
  return answer(call.control.take_received(call.in_path("name"), *upto));
}

}  // namespace tcpctl::api::handlers
