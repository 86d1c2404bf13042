// SPDX-License-Identifier: Apache-2.0
#include "ctl/listener_sheet.hpp"

#include "ctl/cells.hpp"
#include "ctl/ends_sheet.hpp"
#include "ctl/format.hpp"
#include "ctl/sheet.hpp"

namespace tcpctl::ctl {
namespace {

std::string queue_text(const Json& address) {
  const auto queue = exact_count(address, "queue");
  return queue.empty() ? "" : ", accept queue " + queue + " of " + exact_count(address, "queue_max");
}

void addresses(Sheet& sheet, const Json& listener) {
  sheet.group("Addresses");
  for (const auto& address : listener.items("addresses")) {
    const auto configured = address.text("configured").value_or("");
    const auto bound = address.text("bound").value_or("");
    const auto state = address.text("state").value_or("");
    auto text = configured;
    if (!bound.empty() && bound != configured) text += " (bound " + bound + ")";
    text += " " + state + queue_text(address);
    if (const auto error = address.text("error")) text += ": " + *error;
    sheet.line(text, tone_of_state(state) == Tone::good ? Tone::plain : tone_of_state(state));
  }
}

}  // namespace

std::string listener_sheet(const Json& listener, const View& view) {
  Sheet sheet{view};
  const auto state = listener.text("state").value_or("");
  sheet.group("Listener " + listener.text("name").value_or("-"));
  sheet.fact("State", state, tone_of_state(state));
  if (const auto error = listener.text("error")) sheet.fact("Error", *error, Tone::bad);
  if (listener.at("drain").is_object())
    sheet.fact("Drained by", moment(listener, "drain.ends_at", view, Precision::seconds));
  sheet.fact("Service", listener.text("service").value_or(""));
  sheet.fact("Declared in", listener.text("source").value_or(""));
  addresses(sheet, listener);
  sheet.group("Connections");
  const auto limit = exact_count(listener, "connections.limit");
  sheet.fact("Active",
             exact_count(listener, "connections.active") + (limit.empty() ? ", no limit" : " of " + limit));
  sheet.fact("Peak", exact_count(listener, "connections.peak"));
  sheet.fact("Accepted", exact_count(listener, "connections.accepted_total"));
  sheet.fact("Refused", counts_in_words(listener, "connections.refused_total"));
  sheet.fact("In", exact_bytes(listener, "bytes_in_total"));
  sheet.fact("Out", exact_bytes(listener, "bytes_out_total"));
  add_ends(sheet, listener.at("ends"));
  add_members(sheet, "Configuration", listener.at("config"));
  return sheet.text();
}

}  // namespace tcpctl::ctl
