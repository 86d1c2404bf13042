// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connections/refused.hpp"
#include "connections/throttle.hpp"
#include "connections/worker.hpp"
#include "endpoints/acceptor.hpp"
#include "endpoints/client.hpp"
#include "endpoints/crew.hpp"
#include "endpoints/overload.hpp"
#include "endpoints/plan.hpp"
#include "endpoints/target_probes.hpp"
#include "upstreams/director.hpp"
#include "upstreams/resolver.hpp"

namespace tcpctl {

/// What the operator declared, as far as it lives on one worker: acceptors, clients, pools of upstreams.
///
/// Made before its loop runs, destroyed after it has stopped; the supervisor posts to it.
/// Threads: only on the worker's loop.
class Hub {
 public:
  Hub(Worker& worker, const Crew& crew, const Resolver::Options& dns = {});
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;
  ~Hub();

  [[nodiscard]] Worker& worker() { return worker_; }

  /// Begins to serve a connection that an acceptor, here or elsewhere, has accepted.
  void serve(Accepted accepted);
  using PlaceAnswer = std::function<void(std::optional<SourcePlace>)>;
  /// Asks the listener's acceptor, on whichever worker, for a place among the connections of `source`: for
  /// one whose source is known only now. `answer` comes on this loop, at once where there is no such limit,
  /// with nothing where the source has all it may have. It must hold ids, no pointers.
  void ask_for_place(const ListenerPlan& plan, const Address& source, PlaceAnswer answer);
  /// Looks after room, where the daemon is nearly full; the other workers do so, too.
  void watch_overload() { overload_.begin(); }
  /// On each worker up to `places` of the connections counted in `of` that only wait for their peer's FIN
  /// give up their descriptors; on the others, soon.
  void call_for_room(const std::shared_ptr<PartyStats>& of, std::size_t places);
  /// An acceptor here gives connections to the workers that will have `sockets`.
  void note_handed(std::uint64_t sockets) { handed_.add(sockets); }
  /// Sockets of connections that acceptors here gave away, and those taken in here; over all hubs, the
  /// difference is on its way. Threads: any.
  [[nodiscard]] const Counter& handed() const { return handed_; }
  [[nodiscard]] const Counter& taken() const { return taken_; }

  void set_listener(std::shared_ptr<const ListenerPlan> plan, const std::vector<BoundSocketPtr>& sockets);
  void remove_listener(const std::string& name);
  /// As `remove_listener`, but its sockets go on without the daemon, and its upstreams while it has sessions.
  void leave_listener(const std::string& name);
  void pause_listener(const std::string& name);
  void resume_listener(const std::string& name);
  [[nodiscard]] std::uint64_t shortages() const;

  /// Null unless it is this worker that accepts for `listener`, and the listener forwards.
  [[nodiscard]] Director* director(const std::string& listener);
  /// The upstreams of the listeners that this worker accepts for, by listener.
  [[nodiscard]] std::map<std::string, std::vector<UpstreamRow>> upstream_rows() const;
  /// Null unless `listener` forwards.
  [[nodiscard]] Pool* pool(const std::string& listener);
  /// What a director, here or elsewhere, tells the pool of its listener; the first time makes it.
  struct UpstreamNews {
    std::size_t director;  // its worker
    OwnerPtr listener;
    UpstreamSetPtr upstreams;
    PoolOptions options;
  };
  void set_upstreams(const UpstreamNews& news);

  /// Attempts to connect a second, of the clients here.
  void set_connect_rate(double rate) { pacer_.set_rate(rate); }
  void set_client(std::shared_ptr<const ClientPlan> plan, CarriedClient carried = {});
  void remove_client(const std::string& name);
  /// Null if there is none here.
  [[nodiscard]] Client* client(const std::string& name);
  [[nodiscard]] std::map<std::string, ClientRow> client_rows() const;
  [[nodiscard]] std::uint64_t clients_up() const;
  /// Probes of targets that are not declared.
  [[nodiscard]] TargetProbes& target_probes() { return target_probes_; }

  /// Ends the connections that `match` accepts, with their other legs; answers how many matched.
  std::uint64_t end_connections(const std::function<bool(const Connection&)>& match, Reason reason,
                                bool graceful);
  /// What Drain::Hooks::close asks for, of those here.
  void drain_connections(const std::function<bool(const Connection&)>& match, double share, Instant by);
  void stop_clients();

  /// What one worker gives to the next process.
  struct Carried {
    std::uint64_t sequence{0};  // of its ids
    std::vector<CarriedSession> sessions{};
    std::map<std::string, ByteRing::Saved> received{};  // by client
  };
  /// All connections that are portable; clients stop.
  [[nodiscard]] Carried carry();
  /// How many connections are not portable, and might come to their end by themselves.
  [[nodiscard]] std::uint64_t unportable() const;
  /// Goes on with a session of the process before, once it has its place among those of its source.
  void resume(std::shared_ptr<const ListenerPlan> plan, CarriedSession session);

 private:
  struct ClientEntry {
    ClientRecord record;
    std::unique_ptr<Client> client;  // which writes `record`
  };

  void begin(Accepted accepted);
  void await_header(Accepted accepted);
  void on_header(const std::shared_ptr<const ListenerPlan>& plan, ProxyHeaderConnection& connection);
  void refuse(const ListenerPlan& plan, ProxyHeaderConnection& connection, Refusal refusal);
  void go_on(const ListenerPlan& plan, ProxyHeaderConnection& connection, SourcePlace place);
  /// `before`: the record of the connection that had the socket before.
  void begin_service(const ListenerPlan& plan, Fd fd, const Address& remote, Terms terms,
                     std::optional<Facts> before);
  void resume_with(const ListenerPlan& plan, CarriedSession session, Terms terms);
  [[nodiscard]] std::shared_ptr<Bandwidth> bandwidth_of(const ListenerPlan& plan);
  [[nodiscard]] std::unique_ptr<TargetSource> targets_of(const ListenerPlan& plan);
  void direct(const ListenerPlan& plan);
  /// The names of upstreams of `listener` may be others' from now on.
  void seal_drains(const std::string& listener);
  void stop_directing(const std::string& listener);
  void close_pool(const std::string& listener);
  /// Runs `task(hub)` for every hub: for this one at once, for the others on their loops.
  void tell_all(const std::function<void(Hub&)>& task);

  Worker& worker_;
  const Crew& crew_;
  Resolver resolver_;
  Counter handed_, taken_;
  RefusedRecorder refused_;
  OverloadWatch overload_;
  std::map<std::string, std::shared_ptr<Bandwidth>> bandwidths_;  // by listener
  std::map<std::string, std::unique_ptr<Acceptor>> acceptors_;
  std::map<std::string, std::unique_ptr<Pool>> pools_;  // closed ones too, while they have sessions
  std::map<std::string, std::vector<std::unique_ptr<Drain>>> drains_;  // of upstreams that are gone
  std::map<std::string, std::unique_ptr<Director>> directors_;         // which leave theirs to `drains_`
  ConnectPacer pacer_;
  std::map<std::string, ClientEntry> clients_;
  TargetProbes target_probes_;
};

}  // namespace tcpctl
