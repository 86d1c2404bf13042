// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "services/service.hpp"

namespace tcpctl::test {

/// A connection without a socket: keeps what its service sends, and `room` for as much as the test allows.
class FakeSession final : public Session {
 public:
  void send(ByteView bytes) override {
    sent.append(bytes.data(), bytes.size());
    queued += bytes.size();
  }
  [[nodiscard]] std::size_t room() const override { return queued < capacity ? capacity - queued : 0; }
  void finish(ServiceEnd how, std::string_view why) override {
    finished = true;
    end = how;
    detail = why;
  }
  void finish_sending() override { ended_sending = true; }
  void reset(std::string_view why) override {
    finished = was_reset = true;
    detail = why;
  }
  [[nodiscard]] Instant time() const override { return clock; }
  void wake_at(Instant when) override { wake = when; }
  [[nodiscard]] const Address& remote() const override { return peer; }

  std::string sent;  // everything, in order
  std::size_t queued{0};
  std::size_t capacity{std::numeric_limits<std::size_t>::max()};
  bool finished{false};
  bool was_reset{false};
  bool ended_sending{false};
  Instant clock{};
  std::optional<Instant> wake;  // what the service asked for last, until it came
  ServiceEnd end{};
  std::string detail;
  Address peer;
};

/// A service and its session, driven as a connection drives them: what the service does not take is offered
/// again, with what follows, once the peer has read.
class Conversation {
 public:
  explicit Conversation(std::unique_ptr<Service> service) : service_{std::move(service)} {}

  /// `on_open` is a call of its own, so that a test can set the session up before.
  void open() { service_->on_open(session); }
  /// Goes on elsewhere, and from there.
  [[nodiscard]] std::optional<ServiceState> state() const { return service_->state(); }
  [[nodiscard]] bool resume(const ServiceState& state) { return service_->resume(session, state); }
  void say(std::string_view bytes) {
    unread_ += bytes;
    offer();
  }
  /// The peer reads all that was sent.
  void read_all() {
    session.queued = 0;
    if (!session.finished) service_->on_room(session);
    if (session.queued == 0) offer();
  }
  /// Lets time pass, and wakes the service if the moment came that it asked for.
  void pass(Duration duration) {
    session.clock += duration;
    if (session.finished || !session.wake || *session.wake > session.clock) return;
    session.wake.reset();
    service_->on_wake(session);
    offer();
  }
  /// The peer's FIN; it comes to the service once all its bytes were taken.
  void fin() {
    fin_ = true;
    offer();
  }
  [[nodiscard]] const std::string& unread() const { return unread_; }

  FakeSession session;

 private:
  void offer() {
    if (!session.finished && !unread_.empty()) {
      unread_.erase(0, service_->on_data(session, as_bytes(unread_)));
    }
    if (fin_ && !session.finished && unread_.empty()) service_->on_peer_fin(session);
  }

  std::unique_ptr<Service> service_;
  std::string unread_;
  bool fin_{false};
};

}  // namespace tcpctl::test
