// SPDX-License-Identifier: Apache-2.0
#include "ctl/follow.hpp"

#include <charconv>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "ctl/event_lines.hpp"
#include "ctl/event_source.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl {
namespace {

/// Prints one event after the other.
class Printer {
 public:
  explicit Printer(Context& context) : context_{context} {
    if (context.format() == Format::csv) csv_ = row_printer(Format::csv, event_columns(), context.view());
  }

  void print(const EventStream::Event& event) {
    const auto json = Json::parse(event.data);
    if (!json || !json->is_object()) {
      context_.warn("an event is no JSON object, and was left out");
    } else if (event.type == "dropped") {
      context_.warn(std::to_string(json->count("dropped").value_or(0)) +
                    " events are missing here: they came faster than they were read");
    } else {
      context_.print(text(*json));
    }
  }

 private:
  [[nodiscard]] std::string text(const Json& event) {
    if (csv_) return csv_->rows({event});
    if (context_.format() == Format::json) return event.dump(-1) + "\n";
    return event_line(event, context_.view());
  }

  Context& context_;
  std::unique_ptr<RowPrinter> csv_;
};

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return number;
}

}  // namespace

std::vector<Option> event_filters() {
  return {{"--listener", "NAME", "only of this listener"},
          {"--client", "NAME", "only of this client"},
          {"--direction", "inbound|outbound", "only of connections of this direction"},
          {"--peer", "ADDRESS|NETWORK", "only of connections with this peer: 10.0.0.7, 10.0.0.0/8"}};
}

Query event_query(const Arguments& arguments) {
  Query query;
  for (const auto& option : event_filters()) {
    if (const auto value = arguments.get(option.key())) query.add(option.key().substr(2), *value);
  }
  return query;
}

void warn_of_other_life(Context& context, std::string_view since, std::optional<std::uint64_t> told) {
  const auto asked = number_of(since);
  if (!told || !asked || *asked == 0 || *asked == *told) return;
  context.warn("event " + std::to_string(*asked) +
               " is of another life of the daemon: this is all that it has kept of its present one");
}

Exit follow(Context& context, Query query, const std::optional<std::string>& since) {
  Printer printer{context};
  if (since) query.add("since", *since);
  EventSource::Wishes wishes;
  wishes.path = "/v1/events" + query.text();
  wishes.token = context.token();
  wishes.watched = context.environment().out.descriptor();
  wishes.listener = [&](const EventStream::Event& event) { printer.print(event); };
  wishes.begun = [&](const std::string& id) {
    if (since) warn_of_other_life(context, *since, number_of(id));
  };
  wishes.is_wanted = [&] { return context.heard(); };
  wishes.lost = [&](const std::string& why) { context.warn(why + "; waiting for the daemon"); };
  EventSource source{context.client().host(), std::move(wishes)};
  const auto ran = source.run();
  return ran ? Exit::done : context.fail(ran.error());
}

}  // namespace tcpctl::ctl
