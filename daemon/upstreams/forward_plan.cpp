// SPDX-License-Identifier: Apache-2.0
#include "upstreams/forward_plan.hpp"

namespace tcpctl {

bool same_checks(const HealthPlan& left, const HealthPlan& right) {
  if (left.interval != right.interval || !left.probe != !right.probe) return false;
  return !left.probe || same_run(*left.probe, *right.probe);
}

}  // namespace tcpctl
