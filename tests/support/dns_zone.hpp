// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>

namespace tcpctl::test {

/// What a name server knows, and the messages that it makes of it. Source: RFC 1035 section 4, RFC 2782.
class DnsZone {
 public:
  struct Record {
    std::string host;  // a literal address; or, as an alias, a name
    std::uint32_t ttl;
  };
  struct Service {
    std::uint16_t priority, weight, port;
    std::string host;  // "" = the root: not available
    std::uint32_t ttl{3600};
  };
  static constexpr std::size_t kMostOfUdp = 512;

  void add(const std::string& name, std::vector<Record> records) { hosts_[name] = std::move(records); }
  void add_alias(const std::string& name, Record target) { aliases_[name] = std::move(target); }
  void add_service(const std::string& name, std::vector<Service> services) {
    services_[name] = std::move(services);
  }
  void remove(const std::string& name) {
    hosts_.erase(name);
    services_.erase(name);
  }

  /// The whole answer to `query`, of whatever length.
  [[nodiscard]] std::string reply_to(std::string_view query) const {
    const auto name_end = query.find('\0', kHeader);
    const auto question = query.substr(kHeader, name_end + 5 - kHeader);
    const int type = type_of(query);
    auto name = decoded(question);
    std::string answers;
    std::uint32_t count = 0;
    for (auto alias = aliases_.find(name); alias != aliases_.end() && count < 32;
         alias = aliases_.find(name)) {
      answers += record(encoded(name), kCname, alias->second.ttl, encoded(alias->second.host));
      name = alias->second.host;
      ++count;
    }
    const auto records = records_of(name, type);
    for (const auto& [ttl, data] : records) answers += record(encoded(name), type, ttl, data);
    count += static_cast<std::uint32_t>(records.size());
    const bool is_known = hosts_.contains(name) || services_.contains(name);
    return head(query, question, is_known ? 0 : kNoSuchName, count) + answers;
  }
  /// An answer without records, with `flags` set beside those of every answer: a failure's number,
  /// kTruncated.
  [[nodiscard]] static std::string bare_reply(std::string_view query, std::uint32_t flags) {
    const auto name_end = query.find('\0', kHeader);
    return head(query, query.substr(kHeader, name_end + 5 - kHeader), flags, 0);
  }
  /// What is asked for: kA, kAaaa …
  [[nodiscard]] static int type_of(std::string_view query) {
    return static_cast<unsigned char>(query.at(query.find('\0', kHeader) + 2));
  }
  /// It tells of nine records and holds a piece of one.
  [[nodiscard]] static std::string malformed_reply(std::string_view query) {
    auto reply = bare_reply(query, 0);
    reply[7] = 9;
    return reply + "\xff";
  }

  static constexpr std::size_t kHeader = 12;
  static constexpr std::uint32_t kTruncated = 0x0200;
  static constexpr std::uint32_t kServerFailure = 2;
  static constexpr std::uint32_t kNoSuchName = 3;
  static constexpr int kA = 1;
  static constexpr int kCname = 5;
  static constexpr int kAaaa = 28;
  static constexpr int kSrv = 33;

 private:
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
  static std::string head(std::string_view query, std::string_view question, std::uint32_t flags,
                          std::uint32_t count) {
    std::string reply{query.substr(0, 2)};
    put(reply, 0x8180 | flags, 2);
    put(reply, 1, 2);
    put(reply, count, 2);
    put(reply, 0, 4);
    return reply + std::string{question};
  }
  /// The address in network order if it is of the family that `type` asks for; else nothing.
  static std::string bytes_of(const std::string& host, int type) {
    char bytes[sizeof(in6_addr)];
    if (::inet_pton(type == kA ? AF_INET : AF_INET6, host.c_str(), bytes) != 1) return {};
    return {bytes, type == kA ? sizeof(in_addr) : sizeof(in6_addr)};
  }

  struct Data {
    std::uint32_t ttl;
    std::string bytes;
  };
  [[nodiscard]] std::vector<Data> records_of(const std::string& name, int type) const {
    std::vector<Data> records;
    if (const auto host = hosts_.find(name); host != hosts_.end() && (type == kA || type == kAaaa)) {
      for (const auto& entry : host->second) {
        if (auto bytes = bytes_of(entry.host, type); !bytes.empty())
          records.push_back({entry.ttl, std::move(bytes)});
      }
    }
    if (const auto service = services_.find(name); service != services_.end() && type == kSrv) {
      for (const auto& entry : service->second) {
        std::string bytes;
        for (const std::uint16_t number : {entry.priority, entry.weight, entry.port}) put(bytes, number, 2);
        records.push_back({entry.ttl, bytes + encoded(entry.host)});
      }
    }
    return records;
  }

  std::map<std::string, std::vector<Record>> hosts_;
  std::map<std::string, Record> aliases_;
  std::map<std::string, std::vector<Service>> services_;
};

}  // namespace tcpctl::test
