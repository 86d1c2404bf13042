// SPDX-License-Identifier: Apache-2.0
#include "endpoints/hub.hpp"

#include <utility>

#include <fmt/format.h>

#include "connections/relay.hpp"
#include "connections/served.hpp"

namespace tcpctl {

Hub::Hub(Worker& worker, const Crew& crew) : worker_{worker}, crew_{crew}, resolver_{worker.loop()} {}

Hub::~Hub() = default;

void Hub::serve(Accepted accepted) {
  worker_.loop().assert_here();
  worker_.tick();
  begin(std::move(accepted));
  taken_.add();
}

void Hub::begin(Accepted accepted) {
  if (accepted.plan->expects_header_of(accepted.remote)) {
    await_header(std::move(accepted));
  } else {
    begin_service(*accepted.plan, std::move(accepted.fd), accepted.remote, std::nullopt);
  }
}

void Hub::await_header(Accepted accepted) {
  const auto plan = std::move(accepted.plan);
  auto connection = std::make_unique<ProxyHeaderConnection>(
      worker_, plan->owner, std::move(accepted.fd), accepted.remote, plan->proxy_header,
      [this, plan](ProxyHeaderConnection& waiting) { on_header(plan, waiting); });
  Connection& started = *connection;
  worker_.adopt(std::move(connection));
  started.start();
}

void Hub::on_header(const std::shared_ptr<const ListenerPlan>& plan, ProxyHeaderConnection& connection) {
  // A proxy's own connection is let in as the proxy is.
  if (const Address& source = connection.facts().source(); !connection.is_local() && !plan->allows(source)) {
    plan->owner->stats->share(worker_.index()).refused[static_cast<std::size_t>(Refusal::acl)].add();
    connection.finish(Reason::local_limit,
                      fmt::format("source {} is not allowed", escaped(as_bytes(source.text()))));
    return;
  }
  auto [fd, facts] = connection.hand_over();
  const Address remote = facts.remote;
  begin_service(*plan, std::move(fd), remote, std::move(facts));
}

void Hub::begin_service(const ListenerPlan& plan, Fd fd, const Address& remote, std::optional<Facts> before) {
  if (plan.forward) {
    const auto relay =
        std::make_shared<Relay>(worker_, plan.owner, plan.forward->relay, pool_of(plan).session());
    relay->start(std::move(fd), remote, std::move(before));
    return;
  }
  auto connection =
      std::make_unique<ServedConnection>(worker_, plan.owner, std::move(fd), remote, plan.service());
  if (before) connection->go_on(*std::move(before));
  Connection& started = *connection;
  worker_.adopt(std::move(connection));
  started.start();
}

Pool& Hub::pool_of(const ListenerPlan& plan) {
  auto& pool = pools_[plan.owner->name];
  if (!pool || pool->plan() != plan.forward) {
    pool = std::make_unique<Pool>(worker_.index(), resolver_, plan.forward);
  }
  return *pool;
}

void Hub::set_listener(std::shared_ptr<const ListenerPlan> plan, const std::vector<BoundSocketPtr>& sockets) {
  worker_.loop().assert_here();
  worker_.tick();
  auto& acceptor = acceptors_[plan->owner->name];
  if (!acceptor) acceptor = std::make_unique<Acceptor>(worker_, crew_, plan);
  acceptor->set(std::move(plan), sockets);
}

void Hub::remove_listener(const std::string& name) {
  worker_.loop().assert_here();
  worker_.tick();
  pools_.erase(name);
  const auto found = acceptors_.find(name);
  if (found == acceptors_.end()) return;
  found->second->close();
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

void Hub::set_client(std::shared_ptr<const ClientPlan> plan) {
  worker_.loop().assert_here();
  worker_.tick();
  auto& client = clients_[plan->owner->name];
  client.reset();  // its connections end before those of the new configuration begin
  client = make_client(worker_, resolver_, plan, client_records_[plan->owner->name]);
}

void Hub::remove_client(const std::string& name) {
  worker_.loop().assert_here();
  worker_.tick();
  clients_.erase(name);
  client_records_.erase(name);
}

Client* Hub::client(const std::string& name) {
  const auto found = clients_.find(name);
  return found == clients_.end() ? nullptr : found->second.get();
}

std::map<std::string, ClientRow> Hub::client_rows() const {
  std::map<std::string, ClientRow> rows;
  for (const auto& [name, client] : clients_) rows.emplace(name, client->row());
  return rows;
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

void Hub::stop_clients() {
  worker_.loop().assert_here();
  worker_.tick();
  clients_.clear();
}

}  // namespace tcpctl
