// SPDX-License-Identifier: Apache-2.0
#include "endpoints/keep_client.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace tcpctl {
namespace {

constexpr std::size_t kSendQueueBytes = 1024 * 1024;  // beyond it `send` is refused until the peer has read

}  // namespace

KeepClient::KeepClient(Worker& worker, Resolver& resolver, ConnectPacer& pacer,
                       std::shared_ptr<const ClientPlan> plan, ClientRecord& record, CarriedClient carried)
    : home_{worker, resolver, std::move(plan), record, pacer} {
  make_slots();
  if (carried.received) home_.received.restore(*carried.received);
  for (auto& session : carried.connections) take_up(std::move(session));
  if (!record.paused) begin();
}

void KeepClient::take_up(CarriedSession session) {
  const std::size_t slot = session.slot.number;
  const bool is_wanted = !home_.record.paused && slot < slots_.size() &&
                         slots_[slot]->state() == KeepSlot::State::paused &&
                         session.state.bytes == home_.config().connect.text();
  if (is_wanted) {
    slots_[slot]->resume(std::move(session));
  } else {
    drop(session, "the client is no longer what it was");
  }
}

CarriedClient KeepClient::carry() {
  CarriedClient carried;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    auto session = slots_[i]->carry();
    if (!session) continue;
    session->slot.number = static_cast<std::uint32_t>(i);
    carried.connections.push_back(std::move(*session));
  }
  carried.received = home_.received.save();
  return carried;
}

KeepClient::~KeepClient() {
  slots_.clear();  // their ends count yet
  home_.record.availability.set(Availability::State::unknown, home_.worker.time());
}

/// As many as are wanted: the last ones go, or new ones begin paused.
void KeepClient::make_slots() {
  slots_.resize(std::min<std::size_t>(slots_.size(), home_.config().connections));
  slots_.reserve(home_.config().connections);
  while (slots_.size() < home_.config().connections) slots_.push_back(std::make_unique<KeepSlot>(home_));
}

bool KeepClient::take_plan(std::shared_ptr<const ClientPlan> plan) {
  const config::Client &before = home_.config(), &after = *plan->config;
  if (after.mode != before.mode || after.connect != before.connect) return false;
  home_.take(std::move(plan));
  const std::size_t had = slots_.size();
  make_slots();
  if (home_.record.paused) return true;
  for (std::size_t i = had; i < slots_.size(); ++i) slots_[i]->begin();
  for (auto& slot : slots_) slot->read_on();  // there may be more room
  return true;
}

void KeepClient::begin() {
  home_.note_up(0);
  for (auto& slot : slots_) {
    if (slot->state() == KeepSlot::State::paused) slot->begin();
  }
}

void KeepClient::pause() {
  home_.record.paused = true;
  for (auto& slot : slots_) slot->drop(Reason::local_done);
  home_.record.availability.set(Availability::State::unknown, home_.worker.time());
}

void KeepClient::resume() {
  if (std::exchange(home_.record.paused, false)) begin();
}

Result<void> KeepClient::reconnect() {
  if (home_.record.paused)
    return fail(Errc::conflict, fmt::format("client '{}' is paused; resume it", name()));
  for (auto& slot : slots_) {
    slot->drop(Reason::admin_kill);
    slot->begin();
  }
  return {};
}

Result<ClientConnection*> KeepClient::connection_for(std::size_t bytes) const {
  std::optional<std::size_t> least_waiting;
  for (const auto& slot : slots_) {
    ClientConnection* const connection = slot->connection();
    if (connection == nullptr || !connection->is_open()) continue;
    if (connection->queued() + bytes <= kSendQueueBytes) return connection;
    least_waiting = std::min(least_waiting.value_or(SIZE_MAX), connection->queued());
  }
  if (least_waiting)
    return fail(Errc::limit_reached,
                fmt::format("client '{}': {} bytes still wait for the peer to read", name(), *least_waiting));
  return fail(Errc::conflict, fmt::format("client '{}' has no connection that is up", name()));
}

void KeepClient::send(const std::string& data, std::optional<Duration> wait_ack, Sent done) {
  std::erase_if(acks_, [](const AckWatch& watch) { return watch.is_over(); });
  home_.worker.tick();
  auto connection = connection_for(data.size());
  while (connection) {
    ClientConnection& chosen = **connection;
    const ConnectionId id = chosen.facts().id;
    chosen.send(as_bytes(data));
    if (chosen.is_open()) {
      SentRow sent{.sent = data.size(), .kernel = 0, .acked = {}, .acked_after = {}, .ended = {}};
      sent.kernel = sent.sent - std::min<std::uint64_t>(sent.sent, chosen.queued());
      if (!wait_ack) {
        done(std::move(sent));
        return;
      }
      const std::uint64_t until = chosen.facts().bytes_out + chosen.queued();
      acks_.emplace_back(home_.worker, id, until, *wait_ack, std::move(sent), std::move(done)).start();
      return;
    }
    connection = connection_for(data.size());  // it was gone, and the sending showed it
  }
  done(tl::make_unexpected(std::move(connection).error()));
}

Result<ReceivedRow> KeepClient::received(std::uint64_t from) const {
  ReceivedRow row = home_.received.read(from);
  if (home_.waits_when_full) row.taken = home_.received.taken();
  return row;
}

Result<TakenRow> KeepClient::take(std::uint64_t upto) {
  if (!home_.waits_when_full) return TakenRow{};
  if (!home_.received.take(upto))
    return fail(Errc::conflict,
                fmt::format("client '{}' has received {} bytes, not {}; was it made anew meanwhile?", name(),
                            home_.received.taken() + home_.received.untaken(), upto));
  for (auto& slot : slots_) slot->read_on();
  return TakenRow{.taken = home_.received.taken(), .untaken = home_.received.untaken()};
}

void KeepClient::run(Done done) {
  done(fail(Errc::conflict, fmt::format("client '{}' has mode keep; only probes are run", name())));
}

std::optional<std::vector<SlotRow>> KeepClient::slots() const {
  std::vector<SlotRow> rows;
  const Instant time = now();
  for (std::size_t i = 0; i < std::min(slots_.size(), kMostSlots); ++i)
    rows.push_back(slots_[i]->row(static_cast<std::uint32_t>(i + 1), time));
  return rows;
}

ClientRow KeepClient::row() const {
  using State = KeepSlot::State;
  ClientRow row;
  row.wanted = slots_.size();
  std::optional<Instant> next;
  for (const auto& slot : slots_) {
    const auto state = slot->state();
    row.up += slot->connection() != nullptr && slot->connection()->is_open() ? 1 : 0;
    row.connecting += state < State::up ? 1 : 0;
    row.backing_off += state == State::backing_off ? 1 : 0;
    if (const auto at = slot->next_attempt(); at && (!next || *at < *next)) next = at;
  }
  if (next) row.next_attempt_in = std::max(Duration{0}, Duration{*next - now()});
  row.state = home_.record.paused    ? "paused"
              : row.up == row.wanted ? "up"
              : row.up > 0           ? "degraded"
              : row.connecting > 0   ? "connecting"
                                     : "backing_off";
  if (row.up == 0 && !home_.record.paused) row.error = home_.record.last_failure;
  row.overwritten = home_.received.overwritten();
  note_names(row, home_.names());
  note_record(row, home_.record);
  return row;
}

}  // namespace tcpctl
