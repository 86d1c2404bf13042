// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "connections/connection.hpp"
#include "connections/quota.hpp"
#include "connections/race.hpp"
#include "tcp/socket.hpp"

namespace tcpctl {

/// One target of a forwarded session.
struct Target {
  Address address;  // the first to be tried
  std::shared_ptr<const std::string> name;
  /// All of its addresses, which are raced; null where there is but one.
  std::shared_ptr<const AddressList> addresses{};
  std::size_t turn{0};    // in `addresses`; `address` is its first attempt
  Instant short_since{};  // when descriptors or memory first were short for it
};

/// Where a session's targets come from, one attempt after the other. Threads: only on the session's loop.
class TargetSource {
 public:
  TargetSource() = default;
  TargetSource(const TargetSource&) = delete;
  TargetSource& operator=(const TargetSource&) = delete;
  virtual ~TargetSource() = default;
  /// Answers at once or later; `source` is who the session is for. Errors, which are final: unavailable where
  /// none is eligible, with the reason in words; timed_out where none had room in time.
  virtual void next(const Address& source, std::function<void(Result<Target>)> answer) = 0;
  /// What became of the target that `next` gave last. Answers where its bytes are counted until the session
  /// has ended; null: nowhere.
  virtual Traffic* connected(Duration took) = 0;
  /// The same for a session that is connected already, by the process before.
  virtual Traffic* resumed() { return nullptr; }
  virtual void failed(Reason reason) = 0;
  /// The session wants no target any more: the one it was given was not connected, or it waits for one.
  virtual void leave() = 0;
  /// The session is over; `leg` is the record of the connection with the target.
  virtual void ended(const Facts& leg) = 0;
};

/// The PROXY header that an upstream gets before the client's first byte.
enum class SendProxy : std::uint8_t { off, v1, v2 };

/// How a relay connects.
struct RelayOptions {
  Duration connect_timeout;
  std::uint16_t attempts;  // at least 1
  bool half_close;
  tcp::Options outbound;
  tcp::Options outbound_settled{};  // set once the connection has lasted a second: a short one needs them not
  bool zero_copy{true};             // splice what flows
  SendProxy send_proxy{SendProxy::off};
};

class Relay;
class RelayLeg;

/// Keeps a session while it is used; each leg of it has one. Not shared between threads, so the count is
/// plain.
class RelayPtr {
 public:
  RelayPtr() = default;
  explicit RelayPtr(Relay& relay);
  RelayPtr(RelayPtr&& other) noexcept : relay_{std::exchange(other.relay_, nullptr)} {}
  RelayPtr& operator=(RelayPtr&& other) noexcept {
    std::swap(relay_, other.relay_);
    return *this;
  }
  ~RelayPtr();

  Relay& operator*() const { return *relay_; }
  Relay* operator->() const { return relay_; }

 private:
  Relay* relay_{nullptr};
};

/// What was read of one leg on its way to the other.
///
/// Small messages are copied by way of the worker's buffer. After two large reads in a row the flow is
/// spliced through a pipe, until eight thin ones follow each other. It holds a pipe only while bytes are in
/// it. Source: design decision D3.
struct Flow {
  PipePtr pipe;
  std::uint32_t in_pipe{0};
  std::uint8_t large_reads{0};  // in a row, while copying
  std::uint8_t thin_reads{0};   // in a row, while splicing
  bool spliced{false};
  bool passed_fin{false};
};

/// A forwarded session: the client's leg and, once connected, the upstream's; each reads for the other.
///
/// A FIN passes on behind the bytes before it; an RST too, once the other side has got what was read before
/// it. What one side does not take is held for it, one read buffer or pipe at most, and the other is not read
/// until it is gone. Lives as long as a leg of it. Threads: only on the worker's loop.
class Relay {
 public:
  static RelayPtr make(Worker& worker, std::shared_ptr<const RelayOptions> options,
                       std::unique_ptr<TargetSource> targets);
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  /// Takes the accepted socket and connects its other side. `before`: the record of the connection that had
  /// the socket before.
  void start(OwnerPtr owner, Fd fd, const Address& remote, Terms terms = {},
             std::optional<Facts> before = std::nullopt);
  /// Whether both legs could go on in another process.
  [[nodiscard]] bool is_portable() const;
  /// Both legs, for another process; null where they are not portable.
  [[nodiscard]] std::unique_ptr<CarriedSession> carry();
  /// Goes on with both legs of `session`, in place of `start`.
  void resume(const OwnerPtr& owner, CarriedSession session, Terms terms);
  /// Off: all bytes pass the process from now on, also those that were spliced on their way; on: they need
  /// not. At any time.
  void set_zero_copy(bool on);

 private:
  friend class RelayLeg;
  friend class RelayPtr;
  Relay(Worker& worker, std::shared_ptr<const RelayOptions> options, std::unique_ptr<TargetSource> targets);
  ~Relay();
  void try_next();
  void connect();
  [[nodiscard]] bool waits_for_files();
  void retry();
  [[nodiscard]] std::optional<Race::Failure> attempt(const Address& address, Duration timeout);
  void on_target_failed(const Race::Failure& failure);
  void give_up(Reason reason, const std::string& detail);
  void on_connected(RelayLeg& leg);
  void send_proxy_header(RelayLeg& leg);
  void on_ready(RelayLeg& leg);
  void on_gone(RelayLeg& leg);
  void on_attempt_failed(const RelayLeg& leg);
  void end(Reason reason, bool graceful, std::string_view detail = {});
  void pump(RelayLeg& from, RelayLeg& to);
  [[nodiscard]] std::size_t copy(RelayLeg& from, RelayLeg& to, std::size_t most);
  [[nodiscard]] std::size_t splice(RelayLeg& from, RelayLeg& to, std::size_t most);
  [[nodiscard]] Throttle* throttle_of(const RelayLeg& from) const;
  void drain_pipe(RelayLeg& from, RelayLeg& to);
  void leave_pipe(RelayLeg& from, RelayLeg& to);
  void drop_pipe(Flow& flow);
  void pass_fin(RelayLeg& from, RelayLeg& to);
  RelayLeg& take_up(const OwnerPtr& owner, Direction direction, CarriedLeg leg);
  [[nodiscard]] RelayLeg* other(const RelayLeg& leg) const { return &leg == client_ ? upstream_ : client_; }

  Worker& worker_;
  const std::shared_ptr<const RelayOptions> options_;
  const std::unique_ptr<TargetSource> targets_;
  Worker::Room room_;               // for the upstream's socket, while there is none and may be one
  RelayLeg* client_{nullptr};       // null once it is gone
  RelayLeg* upstream_{nullptr};     // null before the attempt, during a race, and once it is gone
  std::unique_ptr<Target> target_;  // until it is connected
  std::unique_ptr<Race> race_;      // while several addresses of the target are tried
  Quota quota_;                     // of the client, and none once it is gone
  std::uint16_t holders_{0};        // legs, and calls under way
  std::uint16_t attempts_left_;
  bool connected_{false};
  bool zero_copy_;
  bool answered_{false};  // the last question for a target
  bool queued_{false};    // the session waits for a target
};

/// One side of a forwarded session.
class RelayLeg final : public Connection {
 public:
  RelayLeg(Relay& relay, OwnerPtr owner, Direction direction, Stage stage, Fd fd, const Address& remote);
  [[nodiscard]] bool is_portable() const override { return relay_->is_portable(); }
  /// The client's leg carries both.
  [[nodiscard]] std::unique_ptr<CarriedSession> carry() override;
  /// Ends the session, both legs of it.
  void end(Reason reason, bool graceful) override;

 private:
  friend class Relay;
  void on_open() override;
  void on_ready() override;
  void on_overdue(Reason reason, std::string_view detail) override;
  [[nodiscard]] Instant last_active() const override;
  void on_gone() override;
  [[nodiscard]] Phase phase() const override;

  void settle() override { set_options(relay_->options_->outbound_settled); }
  void on_wake() override { relay_->retry(); }
  [[nodiscard]] std::size_t held() const override;
  /// What it carried did not come to its end. A timeout may follow a FIN, which then still is what came
  /// first: where the other leg is open, only both FINs will do.
  [[nodiscard]] bool was_cut(bool other_is_open) const;

  const RelayPtr relay_;
  Flow flow_;  // from here to the other
};

}  // namespace tcpctl
