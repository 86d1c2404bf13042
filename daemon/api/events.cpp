// SPDX-License-Identifier: Apache-2.0
#include <deque>

#include <fmt/format.h>

#include "api/event_json.hpp"
#include "api/handlers.hpp"

namespace tcpctl::api {
namespace {

struct EventPage {
  std::deque<EventCursor::Step> steps;
  std::uint64_t total{0}, next{0}, missing{0};
};

/// The first events behind `since`, `limit` at most.
EventPage first_of(const EventSpan& span, const EventQuery& query) {
  EventPage page;
  EventCursor cursor{span};
  page.next = span.since;
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

}  // namespace

Reply handlers::get_events(const Call& call) {
  const auto query = event_query(call.query);
  if (!query) return problem_reply(query.error());
  const auto span = call.control.events(query->since.value_or(0));
  if (!span) return problem_reply(span.error());
  const EventPage page = query->since ? first_of(*span, *query) : last_of(*span, *query);
  std::string body = "{\"items\":[";
  for (const auto& step : page.steps) {
    if (&step != &page.steps.front()) body += ',';
    body += event_json(*step.batch, *step.event, step.number);
  }
  body += fmt::format("],\"total\":{},\"next\":{},\"dropped\":{}}}", page.total, page.next, page.missing);
  return {200, "application/json", std::move(body), {}};
}

}  // namespace tcpctl::api
