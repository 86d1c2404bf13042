// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>

#include "base/address.hpp"
#include "base/fd.hpp"
#include "engine/loop.hpp"

namespace tcpctl::test {

/// A name server on a free UDP port of 127.0.0.1, or where it is told, served by the test's own loop. It
/// knows A and AAAA records and one alias a name. Source of the format: RFC 1035 section 4.
class DnsServer {
 public:
  struct Record {
    std::string host;  // a literal address; or, as an alias, a name
    std::uint32_t ttl;
  };
  enum class Mood { answers, silent, malformed, noise };

  explicit DnsServer(Loop& loop, const std::string& address_text = "127.0.0.1:0")
      : socket_{::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)} {
    sockaddr_storage storage{};
    socklen_t length = parse_ip_port(address_text).value().to(storage);
    auto* const address = reinterpret_cast<sockaddr*>(&storage);
    if (::bind(socket_.get(), address, length) != 0 || ::getsockname(socket_.get(), address, &length) != 0) {
      throw std::runtime_error{"no port for the name server"};
    }
    address_ = Address::from(storage, length);
    event_.reset(event_new(loop.base(), socket_.get(), EV_READ | EV_PERSIST, on_readable, this));
    event_add(event_.get(), nullptr);
  }

  void add(const std::string& name, std::vector<Record> records) { zone_[name] = std::move(records); }
  void remove(const std::string& name) { zone_.erase(name); }
  void add_alias(const std::string& name, Record target) { aliases_[name] = std::move(target); }
  void set(Mood mood) { mood_ = mood; }
  [[nodiscard]] const Address& address() const { return address_; }
  [[nodiscard]] std::size_t queries() const { return queries_; }

  std::function<void()> on_query;  // called at each query, before it is answered

 private:
  static constexpr std::size_t kHeader = 12;
  static constexpr int kA = 1;
  static constexpr int kCname = 5;
  static constexpr int kAaaa = 28;

  static void on_readable(evutil_socket_t fd, short /*what*/, void* argument) {
    auto& self = *static_cast<DnsServer*>(argument);
    char buffer[512];
    sockaddr_storage from{};
    socklen_t length = sizeof from;
    auto* const address = reinterpret_cast<sockaddr*>(&from);
    const auto size = ::recvfrom(fd, buffer, sizeof buffer, 0, address, &length);
    if (size < static_cast<ssize_t>(kHeader)) return;
    ++self.queries_;
    if (self.on_query) self.on_query();
    if (self.mood_ == Mood::silent) return;
    const auto reply = self.reply_to({buffer, static_cast<std::size_t>(size)});
    ::sendto(fd, reply.data(), reply.size(), 0, address, length);
  }

  static void put(std::string& out, std::uint32_t value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
      out.push_back(static_cast<char>(value >> shift));
  }
  static std::string encoded(std::string_view name) {
    std::string out;
    while (!name.empty()) {
      const auto label = name.substr(0, name.find('.'));
      put(out, static_cast<std::uint32_t>(label.size()), 1);
      out += label;
      name.remove_prefix(std::min(name.size(), label.size() + 1));
    }
    return out + '\0';
  }
  static std::string decoded(std::string_view wire) {
    std::string name;
    while (!wire.empty() && wire.front() > 0) {
      const auto size = static_cast<std::size_t>(wire.front());
      if (!name.empty()) name += '.';
      name += wire.substr(1, size);
      wire.remove_prefix(std::min(wire.size(), size + 1));
    }
    return name;
  }
  static std::string record(const std::string& owner, int type, std::uint32_t ttl, const std::string& data) {
    std::string out = owner;
    put(out, static_cast<std::uint32_t>(type), 2);
    put(out, 1, 2);  // class IN
    put(out, ttl, 4);
    put(out, static_cast<std::uint32_t>(data.size()), 2);
    return out + data;
  }
  /// The address in network order if it is of the family that `type` asks for; else nothing.
  static std::string bytes_of(const std::string& host, int type) {
    char bytes[sizeof(in6_addr)];
    if (::inet_pton(type == kA ? AF_INET : AF_INET6, host.c_str(), bytes) != 1) return {};
    return {bytes, type == kA ? sizeof(in_addr) : sizeof(in6_addr)};
  }

  [[nodiscard]] std::string reply_to(std::string_view query) const {
    const auto name_end = query.find('\0', kHeader);
    const auto question = query.substr(kHeader, name_end + 5 - kHeader);
    const int type = static_cast<unsigned char>(query.at(name_end + 2));
    auto name = decoded(question);
    std::string answers;
    std::uint32_t count = 0;
    if (const auto alias = aliases_.find(name); alias != aliases_.end()) {
      answers += record(encoded(name), kCname, alias->second.ttl, encoded(alias->second.host));
      name = alias->second.host;
      ++count;
    }
    const auto found = zone_.find(name);
    for (const auto& entry : found == zone_.end() ? std::vector<Record>{} : found->second) {
      const auto data = bytes_of(entry.host, type);
      if (data.empty()) continue;
      answers += record(encoded(name), type, entry.ttl, data);
      ++count;
    }
    std::string reply{query.substr(0, 2)};
    put(reply, found == zone_.end() ? 0x8183 : 0x8180, 2);  // NXDOMAIN : NOERROR
    put(reply, 1, 2);
    put(reply, count, 2);
    put(reply, 0, 4);
    reply += question;
    if (mood_ == Mood::noise) return std::string(100, '\xff');
    if (mood_ == Mood::malformed)
      return reply.substr(0, 4) + std::string("\0\1\0\x09\0\0\0\0", 8) + std::string{question} + "\xff";
    return reply + answers;
  }

  Fd socket_;
  Address address_;
  EventPtr event_;
  Mood mood_{Mood::answers};
  std::size_t queries_{0};
  std::map<std::string, std::vector<Record>> zone_;
  std::map<std::string, Record> aliases_;
};

}  // namespace tcpctl::test
