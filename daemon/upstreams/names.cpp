// SPDX-License-Identifier: Apache-2.0
#include "upstreams/names.hpp"

#include <algorithm>
#include <utility>

namespace tcpctl {
namespace {

// A TTL of 0 would ask DNS for every connection.
constexpr std::chrono::seconds kLeastTtl{1};
constexpr std::chrono::seconds kRetry{5};

}  // namespace

AddressBook::AddressBook(Resolver& resolver, ConnectAddress address)
    : resolver_{resolver}, address_{std::move(address)} {
  if (address_.kind == ConnectAddress::Kind::host) {
    fresh_until_ = Instant{};
  } else {
    addresses_ = {address_.address};
  }
}

void AddressBook::get(Callback callback) {
  if (!fresh_until_ || now() < *fresh_until_) {
    callback(addresses_);
    return;
  }
  waiting_.push_back(std::move(callback));
  if (waiting_.size() > 1) return;
  request_ = resolver_.resolve(address_.name, address_.port,
                               [this](Result<Resolved> answer) { on_resolved(std::move(answer)); });
}

void AddressBook::on_resolved(Result<Resolved> answer) {
  if (answer) {
    addresses_ = std::move(answer->addresses);
    fresh_until_ = now() + std::max(answer->ttl, kLeastTtl);
  } else if (!addresses_.empty()) {
    fresh_until_ = now() + kRetry;  // not every connection in between has to wait for a DNS that is down
  }
  const auto waiting = std::exchange(waiting_, {});
  // A value of its own, since the first of those who wait may be the end of this object.
  const Result<std::vector<Address>> known =
      addresses_.empty() ? Result<std::vector<Address>>{tl::make_unexpected(answer.error())} : addresses_;
  for (const auto& callback : waiting) callback(known);
}

}  // namespace tcpctl
