// SPDX-License-Identifier: Apache-2.0
#include "endpoints/hub.hpp"

#include <iterator>
#include <tuple>
#include <utility>

#include "connections/relay.hpp"
#include "connections/served.hpp"
#include "endpoints/director_post.hpp"

namespace tcpctl {
namespace {

/// For a session whose listener is gone.
class NoTargets final : public TargetSource {
 public:
  void next(const Address& /*source*/, std::function<void(Result<Target>)> answer) override {
    answer(fail(Errc::unavailable, "the listener was removed meanwhile"));
  }
  Traffic* connected(Duration /*took*/) override { return nullptr; }
  void failed(Reason /*reason*/) override {}
  void leave() override {}
  void ended(const Facts& /*leg*/) override {}
};

}  // namespace

Hub::Hub(Worker& worker, const Crew& crew, const Resolver::Options& dns)
    : worker_{worker},
      crew_{crew},
      resolver_{worker.loop(), dns},
      refused_{worker},
      overload_{worker, crew},
      pacer_{worker},
      target_probes_{worker, resolver_} {}

Hub::~Hub() = default;

void Hub::serve(Accepted accepted) {
  worker_.loop().assert_here();
  worker_.tick();
  const std::uint64_t sockets = accepted.plan->sockets();
  begin(std::move(accepted));
  taken_.add(sockets);
}

void Hub::begin(Accepted accepted) {
  if (accepted.plan->expects_header_of(accepted.remote)) {
    await_header(std::move(accepted));
  } else {
    Terms terms{std::move(accepted.place), bandwidth_of(*accepted.plan)};
    begin_service(*accepted.plan, std::move(accepted.fd), accepted.remote, std::move(terms), std::nullopt);
  }
}

void Hub::await_header(Accepted accepted) {
  const auto plan = std::move(accepted.plan);
  Worker::Room room = plan->sockets() > 1 ? worker_.hold_room() : nullptr;
  auto connection = std::make_unique<ProxyHeaderConnection>(
      worker_, plan->owner, std::move(accepted.fd), accepted.remote, plan->proxy_header,
      [this, plan](ProxyHeaderConnection& waiting) { on_header(plan, waiting); });
  connection->set_room(std::move(room));
  Connection& started = *connection;
  worker_.adopt(std::move(connection));
  started.start();
}

void Hub::on_header(const std::shared_ptr<const ListenerPlan>& plan, ProxyHeaderConnection& connection) {
  // A proxy's own connection is let in as the proxy is.
  if (connection.is_local()) {
    go_on(*plan, connection, {});
    return;
  }
  // A path names nobody: then it is the proxy that is judged.
  const Facts& facts = connection.facts();
  const Address& source = facts.source().is_unix() ? facts.remote : facts.source();
  if (!plan->allows(source)) {
    refuse(*plan, connection, Refusal::acl);
    return;
  }
  ask_for_place(*plan, source, [this, plan, id = connection.facts().id](std::optional<SourcePlace> place) {
    // Until it is handed over, the connection of this id is the one that waits.
    auto* const waiting = static_cast<ProxyHeaderConnection*>(worker_.find(id));
    if (waiting == nullptr || waiting->stage() != Connection::Stage::open) return;
    worker_.tick();
    if (place) {
      go_on(*plan, *waiting, *std::move(place));
    } else {
      refuse(*plan, *waiting, Refusal::source_limit);
    }
  });
}

void Hub::refuse(const ListenerPlan& plan, ProxyHeaderConnection& connection, Refusal refusal) {
  plan.owner->stats->share(worker_.index()).refused.add(refusal);
  const auto detail = refused_.next_entry(refusal);
  if (detail) {
    refused_.tell(plan.owner, refusal, connection.facts(), *detail);
  } else {
    connection.leave_no_record();
  }
  connection.take_room().reset();
  connection.finish(Reason::local_limit, detail.value_or(std::string{}));
}

void Hub::go_on(const ListenerPlan& plan, ProxyHeaderConnection& connection, SourcePlace place) {
  const Worker::Room room = connection.take_room();  // given back once a relay holds its own
  auto [fd, facts] = connection.hand_over();
  const Address remote = facts.remote;
  begin_service(plan, std::move(fd), remote, {std::move(place), bandwidth_of(plan)}, std::move(facts));
}

void Hub::begin_service(const ListenerPlan& plan, Fd fd, const Address& remote, Terms terms,
                        std::optional<Facts> before) {
  if (plan.forward) {
    const RelayPtr relay = Relay::make(worker_, plan.forward->relay, targets_of(plan));
    relay->start(plan.owner, std::move(fd), remote, std::move(terms), std::move(before));
    return;
  }
  auto connection =
      std::make_unique<ServedConnection>(worker_, plan.owner, std::move(fd), remote, plan.service());
  if (before) connection->go_on(*std::move(before));
  connection->set_terms(std::move(terms));
  Connection& started = *connection;
  worker_.adopt(std::move(connection));
  started.start();
}

std::unique_ptr<TargetSource> Hub::targets_of(const ListenerPlan& plan) {
  if (Pool* const upstreams = pool(plan.owner->name)) return upstreams->session();
  // The first set came before the first connection; but a PROXY header may come after the last one.
  return std::make_unique<NoTargets>();
}

std::shared_ptr<Bandwidth> Hub::bandwidth_of(const ListenerPlan& plan) {
  const auto& [each, total] = std::tie(plan.config->bandwidth, plan.config->bandwidth_total);
  if (!each && !total) {
    bandwidths_.erase(plan.owner->name);
    return nullptr;
  }
  auto& bandwidth = bandwidths_[plan.owner->name];
  if (!bandwidth || bandwidth->each != each || bandwidth->total != total)
    bandwidth = std::make_shared<Bandwidth>(*plan.owner->stats, each, total);
  return bandwidth;
}

void Hub::ask_for_place(const ListenerPlan& plan, const Address& source, PlaceAnswer answer) {
  worker_.loop().assert_here();
  if (!plan.config->max_connections_per_source) {
    answer(SourcePlace{});
    return;
  }
  const Crew::Member& there = crew_.members[crew_.acceptor_of(plan.owner->name)];
  const auto ask = [name = plan.owner->name, source, answer = std::move(answer), hub = there.hub,
                    here = crew_.members[worker_.index()].loop, worker = worker_.index()] {
    const auto found = hub->acceptors_.find(name);
    // Where the listener is gone meanwhile, its limit is, too.
    auto place = found == hub->acceptors_.end() ? SourcePlace{} : found->second->admission().place(source);
    if (place) place->taken_by(worker);
    const auto carried = std::make_shared<std::optional<SourcePlace>>(std::move(place));
    here->post([answer, carried] { answer(std::move(*carried)); });
  };
  there.loop->post(ask);
}

void Hub::call_for_room(const std::shared_ptr<PartyStats>& of, std::size_t places) {
  worker_.loop().assert_here();
  tell_all([of, places](Hub& hub) {
    Worker& worker = hub.worker();
    if (of->share(worker.index()).parting.read() == 0) return;
    worker.tick();
    std::size_t left = places;
    // The peers of those that come first have all that was sent, and lose nothing of it.
    for (const bool only_delivered : {true, false}) {
      worker.for_each([&](Connection& connection) {
        const Facts& facts = connection.facts();
        if (left == 0 || facts.direction != Direction::inbound || facts.owner->stats != of) return;
        if (only_delivered && !connection.has_delivered()) return;
        if (connection.give_way()) --left;
      });
    }
  });
}

void Hub::set_listener(std::shared_ptr<const ListenerPlan> plan, const std::vector<BoundSocketPtr>& sockets) {
  worker_.loop().assert_here();
  worker_.tick();
  if (plan->forward) direct(*plan);
  const bool forwards = plan->forward != nullptr;
  const std::string name = plan->owner->name;
  auto& acceptor = acceptors_[name];
  if (!acceptor) acceptor = std::make_unique<Acceptor>(worker_, crew_, plan);
  acceptor->set(std::move(plan), sockets);
  if (!forwards) stop_directing(name);
}

void Hub::remove_listener(const std::string& name) {
  worker_.loop().assert_here();
  worker_.tick();
  tell_all([name](Hub& hub) { hub.bandwidths_.erase(name); });
  const auto found = acceptors_.find(name);
  if (found == acceptors_.end()) return;
  found->second->close();
  acceptors_.erase(found);
  stop_directing(name);  // behind the last of its connections
}

void Hub::leave_listener(const std::string& name) {
  worker_.loop().assert_here();
  worker_.tick();
  const auto found = acceptors_.find(name);
  if (found == acceptors_.end()) return;
  found->second->leave();
  acceptors_.erase(found);
}

void Hub::pause_listener(const std::string& name) {
  if (const auto found = acceptors_.find(name); found != acceptors_.end()) found->second->pause();
}

void Hub::resume_listener(const std::string& name) {
  if (const auto found = acceptors_.find(name); found != acceptors_.end()) found->second->resume();
}

std::uint64_t Hub::shortages() const {
  std::uint64_t sum = 0;
  for (const auto& [name, acceptor] : acceptors_) sum += acceptor->shortages().read();
  return sum;
}

void Hub::tell_all(const std::function<void(Hub&)>& task) {
  for (std::size_t i = 0; i < crew_.members.size(); ++i) {
    if (i == worker_.index()) {
      task(*this);
    } else {
      crew_.members[i].loop->post([hub = crew_.members[i].hub, task] { task(*hub); });
    }
  }
}

namespace {

/// The legs to `upstream` of the sessions of `listener`.
std::function<bool(const Connection&)> sessions_with(const std::string& listener,
                                                     const std::string& upstream) {
  return [listener, upstream](const Connection& connection) {
    const Facts& facts = connection.facts();
    const bool is_session = facts.owner->kind == Owner::Kind::listener && facts.owner->in_history;
    // One that is connecting may still go to another upstream.
    const bool stands = connection.stage() != Connection::Stage::connecting;
    return is_session && stands && facts.owner->name == listener && facts.upstream &&
           *facts.upstream == upstream;
  };
}

}  // namespace

void Hub::seal_drains(const std::string& listener) {
  const auto found = drains_.find(listener);
  if (found == drains_.end()) return;
  std::erase_if(found->second, [](const auto& drain) { return drain->is_over(); });
  for (const auto& drain : found->second) drain->seal(now());
  if (found->second.empty()) drains_.erase(found);
}

void Hub::direct(const ListenerPlan& plan) {
  seal_drains(plan.owner->name);
  auto& director = directors_[plan.owner->name];
  if (director) {
    director->set_plan(plan.owner, plan.forward);
    return;
  }
  const std::string& name = plan.owner->name;
  Director::Doors doors;
  doors.publish = [this](const OwnerPtr& owner, const UpstreamSetPtr& upstreams, const PoolOptions& options) {
    tell_all([news = UpstreamNews{worker_.index(), owner, upstreams, options}](Hub& hub) {
      hub.set_upstreams(news);
    });
  };
  doors.admit = [this, name](Ticket ticket) {
    const auto& member = crew_.members[worker_of(ConnectionId{static_cast<std::uint64_t>(ticket)})];
    member.loop->post([hub = member.hub, name, ticket] {
      if (Pool* const pool = hub->pool(name)) pool->admit(ticket);
    });
  };
  doors.heard = [this, name](std::size_t worker, std::shared_ptr<UpstreamStats> upstream) {
    const auto& member = crew_.members[worker];
    member.loop->post([hub = member.hub, name, upstream = std::move(upstream)] {
      if (Pool* const pool = hub->pool(name)) pool->heard(*upstream);
    });
  };
  doors.close_sessions = [this, name](const std::string& upstream) {
    tell_all([match = sessions_with(name, upstream)](Hub& hub) {
      hub.end_connections(match, Reason::upstream_down, true);
    });
  };
  doors.drain_sessions = [this, name](const std::string& upstream, double share, Instant by) {
    tell_all([match = sessions_with(name, upstream), share, by](Hub& hub) {
      hub.drain_connections(match, share, by);
    });
  };
  doors.keep_draining = [this, name](std::unique_ptr<Drain> drain) {
    auto& drains = drains_[name];
    std::erase_if(drains, [](const auto& one) { return one->is_over(); });
    drains.push_back(std::move(drain));
  };
  director = std::make_unique<Director>(worker_, resolver_, plan.owner, plan.forward, std::move(doors));
}

void Hub::stop_directing(const std::string& listener) {
  if (directors_.erase(listener) == 0) return;
  tell_all([listener](Hub& hub) { hub.close_pool(listener); });
}

// As long as sessions hold places, whoever waits after the listener came again must hear of those.
void Hub::close_pool(const std::string& listener) {
  const auto found = pools_.find(listener);
  if (found == pools_.end()) return;
  found->second->close();
  if (!found->second->has_sessions()) pools_.erase(found);
}

void Hub::set_upstreams(const UpstreamNews& news) {
  worker_.tick();
  auto& pool = pools_[news.listener->name];
  if (pool && !pool->is_closed()) {
    pool->set(news.upstreams, news.options);
    return;
  }
  auto post = std::make_unique<DirectorPost>(crew_, worker_.index(), news.director, news.listener->name);
  if (pool) {
    pool->open(std::move(post), news.upstreams, news.options);
  } else {
    pool =
        std::make_unique<Pool>(worker_, std::move(post), news.listener->stats, news.upstreams, news.options);
  }
}

std::map<std::string, std::vector<UpstreamRow>> Hub::upstream_rows() const {
  std::map<std::string, std::vector<UpstreamRow>> rows;
  for (const auto& [listener, director] : directors_) rows.emplace(listener, director->rows());
  return rows;
}

Director* Hub::director(const std::string& listener) {
  const auto found = directors_.find(listener);
  return found == directors_.end() ? nullptr : found->second.get();
}

Pool* Hub::pool(const std::string& listener) {
  const auto found = pools_.find(listener);
  return found == pools_.end() || found->second->is_closed() ? nullptr : found->second.get();
}

void Hub::set_client(std::shared_ptr<const ClientPlan> plan, CarriedClient carried) {
  worker_.loop().assert_here();
  worker_.tick();
  auto& [record, client] = clients_[plan->owner->name];
  if (client && client->take_plan(plan)) return;
  client.reset();  // its connections end before those of the new configuration begin
  client = make_client(worker_, resolver_, pacer_, plan, record, std::move(carried));
}

void Hub::remove_client(const std::string& name) {
  worker_.loop().assert_here();
  worker_.tick();
  clients_.erase(name);
}

Client* Hub::client(const std::string& name) {
  const auto found = clients_.find(name);
  return found == clients_.end() ? nullptr : found->second.client.get();
}

std::map<std::string, ClientRow> Hub::client_rows() const {
  std::map<std::string, ClientRow> rows;
  for (const auto& [name, entry] : clients_) rows.emplace(name, entry.client->row());
  return rows;
}

std::uint64_t Hub::clients_up() const {
  std::uint64_t up = 0;
  for (const auto& [name, entry] : clients_) up += entry.client->is_up() ? 1 : 0;
  return up;
}

std::uint64_t Hub::end_connections(const std::function<bool(const Connection&)>& match, Reason reason,
                                   bool graceful) {
  worker_.loop().assert_here();
  worker_.tick();
  // Ending changes the set, so the ids come first; an id that is gone by then was the other leg of one
  // before.
  std::vector<ConnectionId> ids;
  for (const auto& [id, connection] : worker_.connections()) {
    if (match(*connection)) ids.push_back(id);
  }
  for (const ConnectionId id : ids) {
    if (Connection* const connection = worker_.find(id)) connection->end(reason, graceful);
  }
  return ids.size();
}

void Hub::drain_connections(const std::function<bool(const Connection&)>& match, double share, Instant by) {
  const auto is_its_turn = [&](const Connection& connection) {
    const Facts& facts = connection.facts();
    return facts.opened <= by && Drain::turn_of(facts.id) < share && match(connection);
  };
  end_connections(is_its_turn, Reason::drain, true);
}

namespace {

/// A check is none that anybody waits for, nor a client's attempt to connect, which the next process makes.
bool holds_up_a_restart(const Connection& connection) {
  const Owner& owner = *connection.facts().owner;
  const bool is_attempt =
      owner.kind == Owner::Kind::client && connection.stage() == Connection::Stage::connecting;
  return owner.in_history && !is_attempt && !connection.is_portable();
}

}  // namespace

std::uint64_t Hub::unportable() const {
  worker_.loop().assert_here();
  std::uint64_t count = 0;
  for (const auto& [id, connection] : worker_.connections()) count += holds_up_a_restart(*connection) ? 1 : 0;
  return count;
}

Hub::Carried Hub::carry() {
  worker_.loop().assert_here();
  worker_.tick();
  Carried carried;
  for (const auto& [name, entry] : clients_) {
    auto [connections, received] = entry.client->carry();
    std::move(connections.begin(), connections.end(), std::back_inserter(carried.sessions));
    if (received && !received->bytes.empty()) carried.received.emplace(name, *std::move(received));
  }
  worker_.for_each([&](Connection& connection) {
    if (auto session = connection.carry()) carried.sessions.push_back(std::move(*session));
  });
  carried.sequence = worker_.sequence();
  return carried;
}

void Hub::resume(std::shared_ptr<const ListenerPlan> plan, CarriedSession session) {
  const auto carried = std::make_shared<CarriedSession>(std::move(session));
  ask_for_place(*plan, carried->leg.facts.source(), [this, plan, carried](std::optional<SourcePlace> place) {
    worker_.tick();
    resume_with(*plan, std::move(*carried), {place ? *std::move(place) : SourcePlace{}, bandwidth_of(*plan)});
  });
}

void Hub::resume_with(const ListenerPlan& plan, CarriedSession session, Terms terms) {
  if (!plan.forward) {
    ServedConnection::resume(worker_, plan.owner, plan.service(), std::move(terms), std::move(session));
    return;
  }
  Pool* const upstreams = pool(plan.owner->name);
  const auto& upstream = session.upstream->facts.upstream;
  auto targets = upstreams == nullptr || !upstream ? nullptr : upstreams->session_with(*upstream);
  if (!targets) targets = std::make_unique<NoTargets>();
  Relay::make(worker_, plan.forward->relay, std::move(targets))
      ->resume(plan.owner, std::move(session), std::move(terms));
}

void Hub::stop_clients() {
  worker_.loop().assert_here();
  worker_.tick();
  clients_.clear();
  target_probes_.stop();
}

}  // namespace tcpctl
