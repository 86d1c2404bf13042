// SPDX-License-Identifier: Apache-2.0
#include "ctl/follow.hpp"

#include <memory>
#include <string>

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

Exit follow(Context& context, const Query& query) {
  Printer printer{context};
  EventSource::Wishes wishes;
  wishes.path = "/v1/events" + query.text();
  wishes.token = context.token();
  wishes.watched = context.environment().out.descriptor();
  wishes.listener = [&](const EventStream::Event& event) { printer.print(event); };
  wishes.is_wanted = [&] { return context.heard(); };
  wishes.lost = [&](const std::string& why) { context.warn(why + "; waiting for the daemon"); };
  EventSource source{context.client().host(), std::move(wishes)};
  const auto ran = source.run();
  return ran ? Exit::done : context.fail(ran.error());
}

}  // namespace tcpctl::ctl
