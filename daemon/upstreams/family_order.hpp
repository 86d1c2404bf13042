// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/address.hpp"

namespace tcpctl {

/// Puts the family first that a connection should try first; the order within a family stays.
///
/// `addresses` are IPv4 and IPv6 ones of one host, each family best first; its best ones are compared: which
/// of them can be reached, is left for by an address of its scope and label, and has the higher precedence.
/// Asks the kernel for its routes and sends nothing. Source: RFC 6724 sections 2.1 and 6, rules 1, 2, 5
/// and 6. Threads: any.
void order_families(std::vector<Address>& addresses);

}  // namespace tcpctl
