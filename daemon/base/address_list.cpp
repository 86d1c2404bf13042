// SPDX-License-Identifier: Apache-2.0
#include "base/address_list.hpp"

#include <algorithm>
#include <cassert>

namespace tcpctl {

AddressList::AddressList(const std::vector<Address>& best_first) : addresses_{best_first} {
  if (addresses_.empty()) return;
  const auto rest = std::stable_partition(
      addresses_.begin(), addresses_.end(),
      [family = best_first.front().family()](const Address& address) { return address.family() == family; });
  first_family_ = static_cast<std::size_t>(rest - addresses_.begin());
}

const Address& AddressList::at(std::size_t turn, std::size_t attempt) const {
  assert(attempt < size());
  const std::size_t second_family = size() - first_family_;
  const std::size_t paired = std::min(first_family_, second_family);
  const bool in_pairs = attempt < 2 * paired;
  const bool is_first = in_pairs ? attempt % 2 == 0 : first_family_ > second_family;
  const std::size_t place = in_pairs ? attempt / 2 : attempt - paired;
  return is_first ? addresses_[(place + turn) % first_family_]
                  : addresses_[first_family_ + (place + turn) % second_family];
}

bool AddressList::same_set(const AddressList& other) const {
  return std::ranges::is_permutation(addresses_, other.addresses_);
}

}  // namespace tcpctl
