// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/address_list.hpp"

namespace tcpctl {

/// Which addresses of a host are tried, or tried first. A Unix path is none of either family, and stays.
enum class FamilyChoice : std::uint8_t { any, prefer_ipv4, prefer_ipv6, ipv4, ipv6 };

/// Of the words that the key `family` takes; `any` for all others.
[[nodiscard]] FamilyChoice family_choice(std::string_view text);

/// What is left of `host`, in the order of `choice`; the same list where that changes nothing, an empty one
/// where nothing is left. Threads: any.
[[nodiscard]] std::shared_ptr<const AddressList> choose(const std::shared_ptr<const AddressList>& host,
                                                        FamilyChoice choice);

}  // namespace tcpctl
