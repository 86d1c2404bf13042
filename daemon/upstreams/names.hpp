// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/clock.hpp"
#include "upstreams/resolver.hpp"

namespace tcpctl {

/// The addresses of one ConnectAddress: known at once for literals and Unix paths, looked up and kept for
/// their TTL for names. While a look-up fails the last addresses stay in use.
///
/// Threads: only on the resolver's loop. Callbacks of a destroyed object are not called.
class AddressBook {
 public:
  using Callback = std::function<void(Result<std::vector<Address>>)>;

  AddressBook(Resolver& resolver, ConnectAddress address);
  AddressBook(const AddressBook&) = delete;
  AddressBook& operator=(const AddressBook&) = delete;

  /// Calls `callback` with at least one address, at once if they are known.
  void get(Callback callback);
  /// What is known now, for showing.
  [[nodiscard]] const std::vector<Address>& known() const { return addresses_; }

 private:
  void on_resolved(Result<Resolved> answer);

  Resolver& resolver_;
  const ConnectAddress address_;
  std::vector<Address> addresses_;
  std::optional<Instant> fresh_until_;  // none: for ever
  std::vector<Callback> waiting_;
  Resolver::Request request_;
};

}  // namespace tcpctl
