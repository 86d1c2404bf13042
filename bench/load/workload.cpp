// SPDX-License-Identifier: Apache-2.0
#include "workload.hpp"

namespace tcpctl::bench {

void Outcome::fail(const std::string& what) {
  if (errors++ == 0) first_error = what;
}

void Outcome::merge(const Outcome& other) {
  units += other.units;
  if (errors == 0) first_error = other.first_error;
  errors += other.errors;
  latency.merge(other.latency);
  lateness.merge(other.lateness);
}

}  // namespace tcpctl::bench
