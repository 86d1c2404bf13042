// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/clock.hpp"
#include "base/text.hpp"
#include "config/options.hpp"

namespace tcpctl {

/// Why a service ends its connection: the part of the contract's close reasons that a service can know.
enum class ServiceEnd { done, limit, script_mismatch };

/// What a connection is about while its service has it.
enum class ServicePhase { data, script };

/// A connection as its service sees it. Threads: only on the connection's loop.
class Session {
 public:
  virtual ~Session() = default;
  /// Queues `bytes` for the peer. Never refuses; whoever sends much looks at `room` first.
  virtual void send(ByteView bytes) = 0;
  /// How many bytes may be queued before the service should wait for `on_room`; 0 while the peer does not
  /// read, and once the service has sent its share of the loop's turn.
  [[nodiscard]] virtual std::size_t room() const = 0;
  /// Sends what is queued, then FIN; `on_data` is not called any more.
  virtual void finish(ServiceEnd end, std::string_view detail = {}) = 0;
  /// Sends what is queued, then FIN, and reads on.
  virtual void finish_sending() = 0;
  /// RST as soon as the peer has what was sent; `on_data` is not called any more.
  virtual void reset(std::string_view detail = {}) = 0;
  /// The moment of the event that is being handled.
  [[nodiscard]] virtual Instant time() const = 0;
  /// Calls `on_wake` at `when`, or a little later; of several wishes the last one holds.
  virtual void wake_at(Instant when) = 0;
  [[nodiscard]] virtual const Address& remote() const = 0;
};

/// What a service has to know to go on with a connection in the daemon's next process; each service knows
/// what its numbers mean.
struct ServiceState {
  std::vector<std::uint64_t> numbers{};
  std::string bytes{};
};

/// What is done with the bytes of one connection. One object a connection, called on its loop; it never
/// blocks.
class Service {
 public:
  virtual ~Service() = default;
  virtual void on_open(Session&) {}
  /// Answers how many of `bytes` were taken. The rest comes again, with what follows, once the send queue is
  /// empty: so a service that answers stops taking when `room` is 0, and back-pressure reaches the peer.
  [[nodiscard]] virtual std::size_t on_data(Session& session, ByteView bytes) = 0;
  /// There is room again, after `room` had answered 0.
  virtual void on_room(Session&) {}
  /// The moment came that `wake_at` asked for.
  virtual void on_wake(Session&) {}
  /// The peer's FIN came, and all its bytes were taken.
  virtual void on_peer_fin(Session& session) { session.finish(ServiceEnd::done); }
  /// What it needs to go on elsewhere; nothing where it cannot.
  [[nodiscard]] virtual std::optional<ServiceState> state() const { return std::nullopt; }
  /// Goes on from there, in place of `on_open`. False where that is no state of its own.
  [[nodiscard]] virtual bool resume(Session& /*session*/, const ServiceState& /*state*/) { return false; }
  /// What the record calls the time in which it serves.
  [[nodiscard]] virtual ServicePhase phase() const { return ServicePhase::data; }
};

/// Makes the service of each new connection. Threads: any number at once; it holds only const data.
using ServiceFactory = std::function<std::unique_ptr<Service>()>;

/// One entry of the list of services.
struct ServiceKind {
  std::string_view name;
  std::string_view help;              // one line
  std::span<const config::Key> keys;  // relative to the table of the service's name
  /// Null for `forward`, which endpoints builds of a relay and a pool. Errors: all that is wrong at once.
  tl::expected<ServiceFactory, config::Mistakes> (*make)(const config::OptionReader& options);
};

/// All services, in the order of the registry. The lists in help, API and manuals are made of it.
[[nodiscard]] std::span<const ServiceKind> services();
/// Null if there is no such service.
[[nodiscard]] const ServiceKind* find_service(std::string_view name);

}  // namespace tcpctl
