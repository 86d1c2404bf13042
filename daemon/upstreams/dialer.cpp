// SPDX-License-Identifier: Apache-2.0
#include "upstreams/dialer.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "upstreams/name_order.hpp"

namespace tcpctl {

Dialer::Dialer(Worker& worker, DialOptions options, Caller& caller, std::size_t turn)
    : worker_{worker},
      options_{std::move(options)},
      caller_{caller},
      random_{std::random_device{}()},
      turn_{turn} {}

Dialer::~Dialer() { stop(Reason::local_done); }

void Dialer::dial(const NameState& state, Instant until) {
  Hosts hosts;
  for (const std::size_t place : attempt_order(state.entries, random_))
    hosts.push_back(state.entries[place].addresses);
  dial(std::move(hosts), until);
}

void Dialer::dial(Hosts hosts, Instant until) {
  stop(Reason::local_done);
  until_ = until;
  ++turn_;
  hosts_ = allowed(std::move(hosts));
  if (hosts_.empty()) {
    caller_.on_dial_failed({Reason::connect_unreachable, no_address_text(), {}});
    return;
  }
  std::ranges::reverse(hosts_);
  next_host();
}

// From an address of one family there is no way to one of the other.
Dialer::Hosts Dialer::allowed(Hosts hosts) const {
  const auto& source = options_.socket.source;
  for (auto& host : hosts) {
    host = choose(host, options_.family);
    if (source) host = choose(host, source->family() == AF_INET ? FamilyChoice::ipv4 : FamilyChoice::ipv6);
  }
  std::erase_if(hosts, [](const auto& host) { return host->empty(); });
  return hosts;
}

std::string Dialer::no_address_text() const {
  const auto& source = options_.socket.source;
  return source ? fmt::format("no address that {} could connect to", source->host())
                : std::string{"no address of the wanted family"};
}

void Dialer::next_host() {
  worker_.tick();  // a wait or a look-up came before
  const auto addresses = std::move(hosts_.back());
  hosts_.pop_back();
  race_ = std::make_unique<Race>(
      worker_, addresses, turn_ - 1, std::min<Duration>(options_.connect_timeout, until_ - worker_.time()),
      [this](const Address& address, Duration timeout) { return attempt(address, timeout); },
      [this](const Race::Failure& failure) {
        race_.reset();
        if (hosts_.empty() || worker_.time() >= until_) {
          hosts_.clear();
          caller_.on_dial_failed(failure);
        } else {
          next_host();
        }
      });
  race_->start();
}

std::optional<Race::Failure> Dialer::attempt(const Address& address, Duration timeout) {
  last_tried_ = address;
  auto connecting = tcp::connect_to(address, options_.socket);
  if (!connecting) {
    const bool is_shortage = connecting.error().code == Errc::unavailable;
    return Race::Failure{is_shortage ? Reason::resource : Reason::connect_unreachable,
                         connecting.error().what, address};
  }
  // Checks are no sessions, and are not counted when they end.
  if (options_.owner->in_history) options_.owner->stats->add_opened();
  Observer& self = *this;
  auto made =
      std::make_unique<ClientConnection>(worker_, options_.owner, std::move(connecting->fd), address, self);
  ClientConnection& connection = *made;
  if (options_.upstream) connection.note_upstream(options_.upstream);
  race_->enter(connection);
  worker_.adopt(std::move(made));
  connection.connect_within(timeout);
  connection.start();
  if (connecting->error != 0 && connection.stage() == Connection::Stage::connecting)
    connection.fail_connect(connecting->error);
  return std::nullopt;
}

void Dialer::on_up(ClientConnection& connection) {
  hosts_.clear();
  const auto race = std::exchange(race_, nullptr);
  race->won(connection);
  connection.observe(caller_);
  caller_.on_up(connection);
}

void Dialer::on_gone(ClientConnection& connection) {
  if (race_) race_->failed(connection);
}

void Dialer::stop(Reason reason) {
  hosts_.clear();
  if (const auto race = std::exchange(race_, nullptr)) race->cut(reason, {});
}

}  // namespace tcpctl
