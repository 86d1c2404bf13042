// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "base/address.hpp"

namespace tcpctl {

/// The addresses of one host in the order in which they are tried: the families take turns, that of the first
/// address first; within a family, `turn` says which one begins, so that all of them get their share.
///
/// Threads: a plain value, immutable once made. Source: RFC 8305 section 4.
class AddressList {
 public:
  AddressList() = default;
  /// `best_first` is in the order of RFC 6724.
  explicit AddressList(const std::vector<Address>& best_first);

  [[nodiscard]] std::size_t size() const { return addresses_.size(); }
  [[nodiscard]] bool empty() const { return addresses_.empty(); }
  /// The address of the attempt `attempt`, below `size()`, of whoever has the turn `turn`.
  [[nodiscard]] const Address& at(std::size_t turn, std::size_t attempt) const;
  /// One family after the other.
  [[nodiscard]] const std::vector<Address>& all() const { return addresses_; }
  /// The same addresses, in whatever order.
  [[nodiscard]] bool same_set(const AddressList& other) const;

 private:
  std::vector<Address> addresses_;
  std::size_t first_family_{0};  // how many there are of it
};

}  // namespace tcpctl
