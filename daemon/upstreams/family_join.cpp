// SPDX-License-Identifier: Apache-2.0
#include "upstreams/family_join.hpp"

#include <algorithm>
#include <utility>

#include "upstreams/family_order.hpp"

namespace tcpctl {
namespace {

bool is_none(const std::optional<Result<Resolved>>& family) {
  return family && !*family && family->error().code == Errc::not_found;
}

/// Always the same ones of too many, however the server turns them.
void limit(std::vector<Address>& addresses, std::size_t most) {
  if (addresses.size() <= most) return;
  std::ranges::sort(addresses, {}, [](const Address& address) { return address.text(); });
  addresses.resize(most);
}

constexpr std::size_t kHalf = Resolved::kMostAddresses / 2;

/// Half of the room is for each family, and what the other one leaves.
void limit_both(std::vector<Address>& one, std::vector<Address>& other) {
  const auto room = [](std::size_t taken) { return Resolved::kMostAddresses - std::min(taken, kHalf); };
  const std::size_t for_one = room(other.size());
  limit(other, room(one.size()));
  limit(one, for_one);
}

}  // namespace

void FamilyJoin::take(int family, Result<Resolved> answer) {
  (family == AF_INET ? four_ : six_) = std::move(answer);
}

bool FamilyJoin::is_negative() const {
  if (!is_complete() || has_addresses()) return false;
  return no_four_ || no_six_ || (is_none(four_) && is_none(six_));
}

Result<Resolved> FamilyJoin::joined() const {
  if (!has_addresses()) {
    // What failed otherwise may have addresses, and says more than that there are none.
    const Family& told = !six_ || no_four_ || (four_ && !is_none(four_)) ? four_ : six_;
    return *told;
  }
  Resolved all{.addresses = {}, .ttl = std::chrono::seconds::max()};
  std::vector<Address> addresses[2];
  for (const auto& [family, answer, place] :
       {std::tuple{AF_INET6, &six_, 0}, std::tuple{AF_INET, &four_, 1}}) {
    if (*answer && **answer) {
      addresses[place] = (**answer)->addresses;
      all.ttl = std::min(all.ttl, (**answer)->ttl);
    } else if (!is_none(*answer)) {
      all.missing = family;
      if (*answer) all.error = (*answer)->error().what;
    }
  }
  limit_both(addresses[0], addresses[1]);
  for (const auto& family : addresses)
    all.addresses.insert(all.addresses.end(), family.begin(), family.end());
  order_families(all.addresses);
  return all;
}

}  // namespace tcpctl
