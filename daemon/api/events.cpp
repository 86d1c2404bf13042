// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "api/accept.hpp"
#include "api/event_json.hpp"
#include "api/handlers.hpp"

namespace tcpctl::api {
namespace {

struct EventPage {
  std::deque<EventCursor::Step> steps;
  std::optional<std::uint64_t> since;
  std::uint64_t total{0}, next{0}, missing{0};
};

/// The first events behind `since`, `limit` at most.
EventPage first_of(const EventSpan& span, const EventQuery& query) {
  EventPage page;
  EventCursor cursor{span};
  page.next = span.since;
  page.since = span.since;
  while (const auto step = cursor.next()) {
    const bool matches = step->event != nullptr && query.filter.matches(*step->batch, *step->event);
    if (matches) ++page.total;
    const bool is_full = page.steps.size() == query.limit;
    if (is_full) continue;  // only counted
    page.missing += step->missing;
    page.next = step->number;
    if (matches) page.steps.push_back(*step);
  }
  return page;
}

/// The last events, `limit` at most.
EventPage last_of(const EventSpan& span, const EventQuery& query) {
  EventPage page;
  EventCursor cursor{span};
  while (const auto step = cursor.next()) {
    page.next = step->number;
    if (step->event == nullptr || !query.filter.matches(*step->batch, *step->event)) continue;
    ++page.total;
    page.steps.push_back(*step);
    if (page.steps.size() > query.limit) page.steps.pop_front();
  }
  return page;
}

/// Who comes again says what it had last: that wins over the number in its address, which stays as it was.
std::optional<Problem> read_last_event_id(const HttpRequest& request, std::optional<std::uint64_t>& into) {
  const auto written = request.header("last-event-id");
  if (!written || written->empty()) return std::nullopt;
  const auto number = tcpctl::api::number({{"since", std::string{*written}}}, "since", 0, 0, UINT64_MAX);
  if (!number) return Problem{400, "Last-Event-ID is not what an `id:` was", {}};
  into = *number;
  return std::nullopt;
}

}  // namespace

Reply handlers::get_events(const Call& call) {
  auto query = event_query(call.query);
  if (!query) return problem_reply(query.error());
  const bool is_stream = call.request.method == "GET" && accepts(call.request, "text/event-stream");
  if (is_stream) {
    if (auto bad = read_last_event_id(call.request, query->since)) return problem_reply(*bad);
  }
  const auto span = call.control.events(query->since.value_or(0));
  if (!span) return problem_reply(span.error());
  if (is_stream) {
    if (!query->since) query->since = span->newest;  // from now on
    Reply reply;
    reply.stream = std::make_shared<const EventQuery>(*std::move(query));
    return reply;
  }
  const EventPage page = query->since ? first_of(*span, *query) : last_of(*span, *query);
  std::string body = "{\"items\":[";
  for (const auto& step : page.steps) {
    if (&step != &page.steps.front()) body += ',';
    body += event_json(*step.batch, *step.event, step.number);
  }
  body += fmt::format(R"(],"total":{},"since":{},"next":{},"dropped":{}}})", page.total,
                      page.since ? std::to_string(*page.since) : "null", page.next, page.missing);
  return {200, "application/json", std::move(body), {}};
}

}  // namespace tcpctl::api
