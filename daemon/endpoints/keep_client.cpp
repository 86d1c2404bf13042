// SPDX-License-Identifier: Apache-2.0
#include "endpoints/keep_client.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/log.hpp"
#include "connections/party_event.hpp"
#include "engine/wheel.hpp"

namespace tcpctl {
namespace {

constexpr std::size_t kReceivedBytes = 64 * 1024;
constexpr Duration kStable = std::chrono::seconds{10};
constexpr std::size_t kSendQueueBytes = 1024 * 1024;  // beyond it `send` is refused until the peer has read

}  // namespace

/// One of the connections to be kept up, and its way back after a loss.
class KeepClient::Slot final : private Deadline, private Dialer::Caller {
 public:
  enum class State : std::uint8_t { idle, resolving, connecting, up, backing_off };

  explicit Slot(KeepClient& client)
      : client_{client}, dialer_{client.worker_, dial_options(*client.plan_), *this} {}
  ~Slot() { drop(Reason::local_done); }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] ClientConnection* connection() const { return state_ == State::up ? connection_ : nullptr; }
  [[nodiscard]] std::optional<Instant> next_attempt() const {
    return state_ == State::backing_off ? std::optional{next_attempt_} : std::nullopt;
  }

  void attempt();
  void drop(Reason reason);

 private:
  void connect();
  void back_off();
  void tell(EventKind kind, const ClientConnection& connection, std::optional<Reason> reason);
  void on_deadline() override { attempt(); }
  void on_up(ClientConnection& connection) override;
  void on_data(ClientConnection& connection, ByteView bytes) override;
  void on_peer_fin(ClientConnection& connection) override { connection.finish(Reason::peer_fin); }
  void on_gone(ClientConnection& connection) override;
  void on_dial_failed(const Race::Failure& failure) override;

  KeepClient& client_;
  Dialer dialer_;
  State state_{State::idle};
  ClientConnection* connection_{nullptr};  // while it is up
  std::shared_ptr<int> resolving_;         // its end cancels the callback of a look-up
  unsigned failures_{0};
  Instant up_since_{};
  Instant next_attempt_{};
};

void KeepClient::Slot::attempt() {
  Wheel::cancel(*this);
  state_ = State::resolving;
  resolving_ = std::make_shared<int>();
  client_.names_.when_known([this, alive = std::weak_ptr<int>{resolving_}] {
    if (!alive.expired()) connect();
  });
}

void KeepClient::Slot::connect() {
  const NameState& names = client_.names_.state();
  client_.worker_.tick();
  if (!names.usable()) {
    client_.note_attempt_failed(Reason::connect_unreachable, names.error);
    back_off();
    return;
  }
  state_ = State::connecting;
  ++client_.record_.attempts;
  dialer_.dial(names);
}

void KeepClient::Slot::drop(Reason reason) {
  Wheel::cancel(*this);
  resolving_.reset();
  state_ = State::idle;
  dialer_.stop(reason);
  if (ClientConnection* const connection = std::exchange(connection_, nullptr)) {
    connection->forget_observer();
    tell(EventKind::client_down, *connection, reason);
    connection->finish(reason);
  }
}

void KeepClient::Slot::back_off() {
  state_ = State::backing_off;
  next_attempt_ = client_.worker_.time() + client_.backoff(failures_++);
  client_.worker_.wheel().set(*this, next_attempt_);
}

void KeepClient::Slot::tell(EventKind kind, const ClientConnection& connection,
                            std::optional<Reason> reason) {
  Event* const event = add_event(client_.worker_, kind, client_.plan_->owner);
  if (event == nullptr) return;
  event->connection = connection.facts().id;
  event->remote = connection.facts().remote;
  event->direction = Direction::outbound;
  event->reason = reason;
  event->detail = client_.worker_.events().text(connection.facts().close.detail.get());
}

void KeepClient::Slot::on_dial_failed(const Race::Failure& failure) {
  client_.note_attempt_failed(failure.reason, failure.detail);
  back_off();
}

void KeepClient::Slot::on_up(ClientConnection& connection) {
  connection_ = &connection;
  state_ = State::up;
  ++client_.record_.outcomes["connected"];
  up_since_ = client_.worker_.time();
  log::info("client.up", log::f("client", client_.plan_->owner->name),
            log::f("connection", id_text(connection.facts().id)),
            log::f("remote", connection.facts().remote.text()));
  tell(EventKind::client_up, connection, std::nullopt);
}

void KeepClient::Slot::on_data(ClientConnection& /*connection*/, ByteView bytes) {
  failures_ = 0;
  client_.received_.add(bytes);
}

void KeepClient::Slot::on_gone(ClientConnection& connection) {
  connection_ = nullptr;
  if (client_.worker_.time() - up_since_ >= kStable) failures_ = 0;
  const CloseFacts& close = connection.facts().close;
  client_.note_failure(*close.reason, std::string{close.detail.get()});
  log::info("client.down", log::f("client", client_.plan_->owner->name),
            log::f("connection", id_text(connection.facts().id)), log::f("reason", text(*close.reason)));
  tell(EventKind::client_down, connection, close.reason);
  back_off();
}

KeepClient::KeepClient(Worker& worker, Resolver& resolver, std::shared_ptr<const ClientPlan> plan,
                       ClientRecord& record)
    : worker_{worker},
      plan_{std::move(plan)},
      record_{record},
      names_{resolver, plan_->config->connect, {}, NameWatch::Refresh::when_asked},
      received_{kReceivedBytes},
      random_{std::random_device{}()} {
  for (std::uint32_t i = 0; i < plan_->config->connections; ++i) {
    slots_.push_back(std::make_unique<Slot>(*this));
  }
  if (record_.paused) return;
  for (auto& slot : slots_) slot->attempt();
}

KeepClient::~KeepClient() = default;

Duration KeepClient::backoff(unsigned failures) {
  const auto& config = *plan_->config;
  const double longest = std::chrono::duration<double>(config.backoff_max).count();
  const double wait = std::min(longest, std::chrono::duration<double>(config.backoff_initial).count() *
                                            std::pow(config.backoff_factor, failures));
  std::uniform_real_distribution<double> spread{1 - config.backoff_jitter, 1 + config.backoff_jitter};
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>{wait * spread(random_)});
}

void KeepClient::note_failure(Reason reason, const std::string& detail) {
  ++record_.failures[std::string{text(reason)}];
  record_.last_failure = std::string{text(reason)} + (detail.empty() ? "" : ": " + detail);
}

void KeepClient::note_attempt_failed(Reason reason, const std::string& detail) {
  ++record_.outcomes[std::string{text(reason)}];
  note_failure(reason, detail);
}

void KeepClient::pause() {
  record_.paused = true;
  for (auto& slot : slots_) slot->drop(Reason::local_done);
}

void KeepClient::resume() {
  if (!std::exchange(record_.paused, false)) return;
  for (auto& slot : slots_) slot->attempt();
}

Result<void> KeepClient::reconnect() {
  if (record_.paused) return fail(Errc::conflict, "client '" + plan_->owner->name + "' is paused; resume it");
  for (auto& slot : slots_) {
    slot->drop(Reason::admin_kill);
    slot->attempt();
  }
  return {};
}

Result<std::uint64_t> KeepClient::send(const std::string& data) {
  for (const auto& slot : slots_) {
    ClientConnection* const connection = slot->connection();
    if (connection == nullptr || !connection->is_open()) continue;
    if (connection->queued() + data.size() > kSendQueueBytes) {
      return fail(Errc::limit_reached, fmt::format("client '{}': {} bytes still wait for the peer to read",
                                                   plan_->owner->name, connection->queued()));
    }
    connection->send(as_bytes(data));
    if (!connection->is_open()) continue;  // it was gone, and the sending showed it
    return data.size();
  }
  return fail(Errc::conflict, "client '" + plan_->owner->name + "' has no connection that is up");
}

void KeepClient::run(Done done) {
  done(fail(Errc::conflict, "client '" + plan_->owner->name + "' has mode keep; only probes are run"));
}

ClientRow KeepClient::row() const {
  ClientRow row;
  row.wanted = slots_.size();
  std::optional<Instant> next;
  for (const auto& slot : slots_) {
    const auto state = slot->state();
    row.up += slot->connection() != nullptr && slot->connection()->is_open() ? 1 : 0;
    row.connecting += state == Slot::State::connecting || state == Slot::State::resolving ? 1 : 0;
    row.backing_off += state == Slot::State::backing_off ? 1 : 0;
    if (const auto at = slot->next_attempt(); at && (!next || *at < *next)) next = at;
  }
  if (next) row.next_attempt_in = std::max(Duration{0}, Duration{*next - now()});
  row.state = record_.paused         ? "paused"
              : row.up == row.wanted ? "up"
              : row.connecting > 0   ? "connecting"
              : row.up > 0           ? "up"
                                     : "backing_off";
  if (row.up == 0 && !record_.paused) row.error = record_.last_failure;
  note_names(row, names_.state());
  row.attempts = record_.attempts;
  row.failures = record_.failures;
  row.outcomes = record_.outcomes;
  row.last_failure = record_.last_failure;
  return row;
}

}  // namespace tcpctl
