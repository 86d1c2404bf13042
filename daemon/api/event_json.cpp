// SPDX-License-Identifier: Apache-2.0
#include "api/event_json.hpp"

#include <iterator>

#include <fmt/format.h>

#include "api/json_text.hpp"
#include "base/text.hpp"

namespace tcpctl::api {
namespace {

std::string string_or_null(std::string_view text) { return text.empty() ? "null" : json_string(text); }

template <class Word>
std::string word_or_null(const std::optional<Word>& word) {
  return word ? json_string(text(*word)) : "null";
}

std::string id_or_null(ConnectionId id) { return id == ConnectionId{} ? "null" : json_string(id_text(id)); }

std::string reason_of(const Event& event) {
  return event.refusal ? word_or_null(event.refusal) : word_or_null(event.reason);
}

/// A Unix path from a PROXY header may have any bytes.
std::string source_of(const EventBatch& batch, const Event& event) {
  const Address* const source = batch.source(event);
  return source == nullptr ? "null" : json_string(escaped(as_bytes(source->text())));
}

std::string number_or_null(std::int64_t number) { return number == 0 ? "null" : std::to_string(number); }

std::string change_of(const EventBatch& batch, const Event& event) {
  if (event.kind != EventKind::change || batch.change == nullptr) return "null";
  const Change& change = *batch.change;
  return fmt::format(
      R"({{"who":{},"user":{},"pid":{},"method":{},"path":{},"what":{},"status":{},"outcome":"{}"}})",
      json_string(change.who), string_or_null(change.user), number_or_null(change.pid),
      string_or_null(change.method), string_or_null(change.path), string_or_null(change.what),
      number_or_null(change.status), text(change.outcome));
}

/// What a connection has come to when its first FIN or its end is seen.
std::string sums_of(const Event& event) {
  if (event.kind != EventKind::half_closed && event.kind != EventKind::closed)
    return R"("duration_ms":null,"bytes_in":null,"bytes_out":null)";
  return fmt::format(R"("duration_ms":{},"bytes_in":{},"bytes_out":{})", milliseconds_text(event.lasted),
                     event.bytes_in, event.bytes_out);
}

}  // namespace

std::string event_json(const EventBatch& batch, const Event& event, std::uint64_t number) {
  const std::string party = string_or_null(batch.text(event.party));
  const bool has_remote = event.remote.family() != AF_UNSPEC;
  std::string json =
      fmt::format(R"({{"seq":{},"at":"{}","type":"{}","listener":{},"client":{},"upstream":{})", number,
                  rfc3339(event.at), text(event.kind), event.of_client ? "null" : party,
                  event.of_client ? party : "null", string_or_null(batch.text(event.upstream)));
  fmt::format_to(std::back_inserter(json),
                 R"(,"connection":{},"peer_id":{},"direction":{},"remote":{},"proxied_source":{})",
                 id_or_null(event.connection), id_or_null(event.peer), word_or_null(event.direction),
                 has_remote ? json_string(event.remote.text()) : "null", source_of(batch, event));
  fmt::format_to(std::back_inserter(json), R"(,"first":{},"how":{})", word_or_null(event.first),
                 word_or_null(event.how));
  fmt::format_to(std::back_inserter(json), R"(,"reason":{},"detail":{},{},"change":{}}})", reason_of(event),
                 string_or_null(batch.text(event.detail)), sums_of(event), change_of(batch, event));
  return json;
}

}  // namespace tcpctl::api
