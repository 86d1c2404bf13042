// SPDX-License-Identifier: Apache-2.0
#include "ctl/trace/ids.hpp"

#include <algorithm>
#include <array>

namespace tcpctl::ctl::trace {
namespace {

constexpr std::chrono::milliseconds kPatience{500};
/// After so many segments: the handshake has three.
constexpr std::array<std::uint64_t, 4> kTimes{3, 6, 12, 24};

bool is_time(const Connection& connection) {
  if (connection.flow.is_over()) return connection.look_ups <= kTimes.size();
  const auto seen = connection.flow.sent(0).segments + connection.flow.sent(1).segments;
  const bool from_the_middle = seen == 1 && connection.flow.is_from_the_middle();
  return from_the_middle || std::ranges::find(kTimes, seen) != kTimes.end();
}

bool is_of(const Json& row, const Connection& connection) {
  const auto local = tcp_address(row.text("local").value_or(""));
  const auto remote = tcp_address(row.text("remote").value_or(""));
  if (!local || !remote) return false;
  const bool accepted = *local == connection.responder && *remote == connection.initiator;
  const bool connected = *local == connection.initiator && *remote == connection.responder;
  switch (connection.standing.role) {
    case Standing::Role::accepted:
      return accepted;
    case Standing::Role::connected:
      return connected;
    case Standing::Role::other:
      break;
  }
  return accepted || connected;
}

}  // namespace

bool Ids::learn(Connection& connection) {
  if (is_down_ || !connection.id.empty() || !is_time(connection)) return false;
  ++connection.look_ups;
  std::vector<Address> peers{connection.initiator};
  if (!connection.responder.same_host(connection.initiator)) peers.push_back(connection.responder);
  for (const auto& peer : peers) {
    for (const auto* path : {"/v1/connections", "/v1/history"}) {
      if (const auto row = row_of(connection, path, peer)) {
        connection.id = row->text("id").value_or("");
        return !connection.id.empty();
      }
      if (is_down_) return false;
    }
  }
  return false;
}

std::optional<Json> Ids::row_of(const Connection& connection, const std::string& path, const Address& peer) {
  const bool open = path == "/v1/connections";
  Call call;
  call.path = path + Query{}
                         .add("peer", peer.host())
                         .add("sort", open ? "-opened_at" : "-closed_at")
                         .add("limit", open ? "1000" : "100")
                         .text();
  call.patience = kPatience;
  const auto rows = context_.ask(call);
  if (!rows) {
    is_down_ = true;
    return std::nullopt;
  }
  const auto items = rows->items("items");
  const auto found = std::ranges::find_if(items, [&](const Json& row) { return is_of(row, connection); });
  if (found == items.end()) return std::nullopt;
  return *found;
}

}  // namespace tcpctl::ctl::trace
