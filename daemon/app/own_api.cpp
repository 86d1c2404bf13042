// SPDX-License-Identifier: Apache-2.0
#include "app/own_api.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "tcp/socket.hpp"

namespace tcpctl {
namespace {

std::vector<Address> addresses_of(const config::Api& api) {
  std::vector<Address> addresses{Address::unix_path(api.socket)};
  for (const auto& text : {api.http, api.metrics_listen}) {
    const auto address = parse_listen_address(text);
    if (!address) continue;
    const bool is_any = address->kind == ListenAddress::Kind::any;
    const Address bound = is_any ? Address::from(in6addr_any, address->port) : address->address;
    if (bound.port() != 0) addresses.push_back(bound);
  }
  return addresses;
}

class Search {
 public:
  explicit Search(const config::Api& api) : own_{addresses_of(api)} {}

  void judge(const config::Node* target) {
    const auto* const text = target == nullptr ? nullptr : target->as<std::string>();
    const auto parsed = text == nullptr ? Result<ConnectAddress>{} : parse_connect_address(*text);
    if (text == nullptr || !parsed) return;
    const bool is_ours = std::ranges::any_of(
        own_, [&](const Address& bound) { return tcp::reaches(parsed->address, bound, {}); });
    if (!is_ours) return;
    mistakes_.push_back({target->place(), fmt::format("{}: {} is the API of this daemon, which must not be "
                                                      "connected to from here",
                                                      target->place().label(), parsed->text())});
  }
  void judge_upstreams(const config::Node& listener) {
    const config::Node* const forward = listener.find("forward");
    const config::Node* const upstreams = forward == nullptr ? nullptr : forward->find("upstreams");
    if (upstreams == nullptr) return;
    const auto judge_one = [this](const config::Node& one) {
      judge(one.as<config::Node::Table>() == nullptr ? &one : one.find("address"));
    };
    if (const auto* const list = upstreams->as<config::Node::List>()) {
      for (const auto& one : *list) judge_one(one);
    } else {
      judge_one(*upstreams);
    }
  }
  config::Mistakes take() { return std::move(mistakes_); }

 private:
  const std::vector<Address> own_;
  config::Mistakes mistakes_;
};

}  // namespace

config::Mistakes own_api_mistakes(const config::Api& api, const config::Node& table) {
  Search search{api};
  search.judge_upstreams(table);
  search.judge(table.find("connect"));
  return search.take();
}

}  // namespace tcpctl
