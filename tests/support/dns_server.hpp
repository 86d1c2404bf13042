// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <functional>
#include <list>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>

#include "base/address.hpp"
#include "base/fd.hpp"
#include "engine/loop.hpp"
#include "support/dns_zone.hpp"

namespace tcpctl::test {

/// A name server on a free port of 127.0.0.1, or where it is told, served by the test's own loop. What does
/// not fit in a datagram is said to be cut short, and got over TCP.
class DnsServer {
 public:
  using Record = DnsZone::Record;
  using Service = DnsZone::Service;
  enum class Mood { answers, silent, malformed, noise, fails, cuts };

  explicit DnsServer(Loop& loop, const std::string& address_text = "127.0.0.1:0") : loop_{loop} {
    auto address = parse_ip_port(address_text).value();
    // A port that is free for UDP need not be so for TCP.
    for (int tries = 0; tries < 20; ++tries) {
      udp_ = bound(SOCK_DGRAM, address);
      tcp_ = bound(SOCK_STREAM, local(udp_));
      if (udp_ && tcp_) break;
    }
    if (!udp_ || !tcp_ || ::listen(tcp_.get(), 16) != 0)
      throw std::runtime_error{"no port for the name server"};
    address_ = local(udp_);
    udp_event_ = watch(udp_, on_datagram, this);
    tcp_event_ = watch(tcp_, on_accept, this);
  }

  void add(const std::string& name, std::vector<Record> records) { zone_.add(name, std::move(records)); }
  void add_service(const std::string& name, std::vector<Service> services) {
    zone_.add_service(name, std::move(services));
  }
  void remove(const std::string& name) { zone_.remove(name); }
  void add_alias(const std::string& name, Record target) { zone_.add_alias(name, std::move(target)); }
  void set(Mood mood) { mood_ = mood; }
  /// `mood` holds for queries of `type` alone, DnsZone::kA …; of the others, `set` does.
  void set(int type, Mood mood) { moods_[type] = mood; }
  [[nodiscard]] const Address& address() const { return address_; }
  [[nodiscard]] std::size_t queries() const { return queries_; }
  /// Those of them that came over TCP.
  [[nodiscard]] std::size_t tcp_queries() const { return tcp_queries_; }
  /// Sends what a silent server has kept back.
  void answer_late() {
    for (const auto& [to, query] : kept_) send(to, zone_.reply_to(query));
    kept_.clear();
  }

  std::function<void()> on_query;  // called at each query, before it is answered

 private:
  struct Stream {
    DnsServer* server;
    Fd fd;
    EventPtr event{};
    std::string received{};
  };

  static Address local(const Fd& fd) {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&storage), &length);
    return Address::from(storage, length);
  }
  static Fd bound(int type, const Address& address) {
    Fd fd{::socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    const int on = 1;
    if (type == SOCK_STREAM) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_storage storage{};
    const socklen_t length = address.to(storage);
    if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&storage), length) != 0) return {};
    return fd;
  }
  EventPtr watch(const Fd& fd, event_callback_fn callback, void* argument) {
    EventPtr event{event_new(loop_.base(), fd.get(), EV_READ | EV_PERSIST, callback, argument)};
    event_add(event.get(), nullptr);
    return event;
  }

  static void on_datagram(evutil_socket_t fd, short /*what*/, void* argument) {
    auto& self = *static_cast<DnsServer*>(argument);
    std::array<char, DnsZone::kMostOfUdp> buffer{};
    sockaddr_storage from{};
    socklen_t length = sizeof from;
    const auto size =
        ::recvfrom(fd, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &length);
    if (size < static_cast<ssize_t>(DnsZone::kHeader)) return;
    const std::string_view query{buffer.data(), static_cast<std::size_t>(size)};
    const auto to = Address::from(from, length);
    const auto reply = self.reply_to(query);
    if (reply.empty()) {
      self.kept_.emplace_back(to, query);
    } else if (reply.size() > DnsZone::kMostOfUdp || self.mood_ == Mood::cuts) {
      self.send(to, DnsZone::bare_reply(query, DnsZone::kTruncated));
    } else {
      self.send(to, reply);
    }
  }
  void send(const Address& to, const std::string& reply) const {
    sockaddr_storage storage{};
    const socklen_t length = to.to(storage);
    ::sendto(udp_.get(), reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&storage), length);
  }

  static void on_accept(evutil_socket_t fd, short /*what*/, void* argument) {
    auto& self = *static_cast<DnsServer*>(argument);
    Fd accepted{::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
    if (!accepted) return;
    auto& stream = self.streams_.emplace_back(Stream{&self, std::move(accepted)});
    stream.event = self.watch(stream.fd, on_stream, &stream);
  }
  static void on_stream(evutil_socket_t fd, short /*what*/, void* argument) {
    auto& stream = *static_cast<Stream*>(argument);
    std::array<char, 4096> buffer{};
    const auto size = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (size <= 0) {
      stream.event.reset();
      stream.fd.reset();
      return;
    }
    stream.received.append(buffer.data(), static_cast<std::size_t>(size));
    while (stream.received.size() > 2) {
      const auto high = static_cast<unsigned char>(stream.received[0]);
      const auto wanted = 2U + (high << 8U | static_cast<unsigned char>(stream.received[1]));
      if (stream.received.size() < wanted) return;
      ++stream.server->tcp_queries_;
      const auto reply = stream.server->reply_to(std::string_view{stream.received}.substr(2, wanted - 2));
      stream.received.erase(0, wanted);
      const std::string length{static_cast<char>(reply.size() >> 8), static_cast<char>(reply.size())};
      const auto framed = length + reply;
      ::send(fd, framed.data(), framed.size(), MSG_NOSIGNAL);
    }
  }

  /// Empty where nothing is to be said.
  std::string reply_to(std::string_view query) {
    ++queries_;
    if (on_query) on_query();
    const auto own = moods_.find(DnsZone::type_of(query));
    switch (own == moods_.end() ? mood_ : own->second) {
      case Mood::silent:
        return {};
      case Mood::malformed:
        return DnsZone::malformed_reply(query);
      case Mood::noise:
        return std::string(100, '\xff');
      case Mood::fails:
        return DnsZone::bare_reply(query, DnsZone::kServerFailure);
      case Mood::answers:
      case Mood::cuts:
        break;
    }
    return zone_.reply_to(query);
  }

  Loop& loop_;
  Fd udp_, tcp_;
  Address address_;
  EventPtr udp_event_, tcp_event_;
  std::list<Stream> streams_;
  DnsZone zone_;
  Mood mood_{Mood::answers};
  std::map<int, Mood> moods_;
  std::size_t queries_{0}, tcp_queries_{0};
  std::vector<std::pair<Address, std::string>> kept_;
};

}  // namespace tcpctl::test
