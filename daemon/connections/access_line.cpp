// SPDX-License-Identifier: Apache-2.0
#include "connections/access_line.hpp"

#include <optional>
#include <string_view>
#include <utility>

namespace tcpctl {
namespace {

class Fields {
 public:
  /// "" = not known.
  void text(std::string_view key, std::string value) {
    const bool is_known = !value.empty();
    fields_.push_back({key, log::cut(std::move(value)), !is_known});
  }
  void text(std::string_view key, std::string_view value) { text(key, std::string{value}); }
  void number(std::string_view key, std::optional<std::uint64_t> value) {
    fields_.push_back({key, value ? fmt::to_string(*value) : std::string{}, true});
  }
  void milliseconds(std::string_view key, Duration value) {
    fields_.push_back({key, milliseconds_text(value), true});
  }
  [[nodiscard]] std::vector<log::Field> take() { return std::move(fields_); }

 private:
  std::vector<log::Field> fields_;
};

std::string text_of(const Address& address) {
  return address.family() == AF_UNSPEC ? std::string{} : address.text();
}

void add_party(const ConnectionRow& row, Fields& fields) {
  fields.text("connection", id_text(row.id));
  fields.text("direction", text(row.direction));
  fields.text("listener", row.listener);
  fields.text("client", row.client);
  fields.text("service", row.service);
  fields.text("peer_id", row.peer_id ? id_text(*row.peer_id) : std::string{});
  fields.text("local", text_of(row.local));
  fields.text("remote", text_of(row.remote));
  fields.text("proxied_source", row.proxied_source);
  fields.text("upstream", row.upstream);
}

void add_end(const ConnectionRow& row, const CloseRow& close, Fields& fields) {
  fields.text("first", text(close.first));
  fields.text("how", text(close.how));
  fields.text("reason", text(close.reason));
  fields.text("phase", text(close.phase));
  fields.text("code", close.code);
  fields.text("detail", close.detail);
  fields.milliseconds("duration_ms", close.duration);
  fields.number("bytes_in", row.bytes_in);
  fields.number("bytes_out", row.bytes_out);
  // Where the handshake was never complete, the kernel has a round trip of 0.
  const bool has_rtt = row.tcp && row.tcp->rtt_us > 0;
  fields.number("rtt_us", has_rtt ? std::optional<std::uint64_t>{row.tcp->rtt_us} : std::nullopt);
  fields.number("retransmits_total",
                row.tcp ? std::optional<std::uint64_t>{row.tcp->retransmits} : std::nullopt);
  fields.text("state", row.state);
}

}  // namespace

std::vector<log::Field> access_fields(const AccessLine& line) {
  Fields fields;
  const ConnectionRow row = to_row(line.entry, line.entry.facts.close.at);
  add_party(row, fields);
  if (line.kind == AccessLine::Kind::end && row.close) add_end(row, *row.close, fields);
  return fields.take();
}

log::Record access_record(const AccessLine& line, const std::vector<log::Field>& fields) {
  const bool is_start = line.kind == AccessLine::Kind::start;
  const Facts& facts = line.entry.facts;
  log::Record record{log::Level::info,
                     is_start ? facts.opened_wall : close_row(facts).at,
                     is_start ? "access.start" : "access.end",
                     {}};
  record.fields.reserve(fields.size());
  for (const auto& field : fields) record.fields.push_back({field.key, field.value, field.bare});
  return record;
}

}  // namespace tcpctl
