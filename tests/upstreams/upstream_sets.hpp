// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "upstreams/set.hpp"

namespace tcpctl::test {

/// An upstream that takes new sessions, for a test to change.
inline Upstream upstream(const std::string& name, std::uint32_t weight = 1, std::size_t workers = 1) {
  Upstream made;
  made.name = std::make_shared<const std::string>(name);
  made.target = name + ".example:80";
  made.addresses = std::make_shared<const AddressList>(std::vector{parse_ip_port("192.0.2.1:80").value()});
  made.weight = made.config_weight = weight;
  made.stats = std::make_shared<UpstreamStats>(workers);
  return made;
}

inline UpstreamSetPtr set_of(std::vector<Upstream> upstreams) {
  return std::make_shared<const UpstreamSet>(std::move(upstreams));
}

}  // namespace tcpctl::test
