// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "config/written.hpp"
#include "stats/objects.hpp"

namespace tcpctl {

/// Tells whether an object is still as somebody read it: the entity tag of its configuration.
///
/// Salted, since secrets are in that: who may not see them must not be able to try out what they are.
/// Threads: const after it is made.
class ObjectTags {
 public:
  ObjectTags();
  /// 32 hex digits.
  [[nodiscard]] std::string of(const ObjectName& object, const config::Written& written) const;

 private:
  std::string salt_;
};

}  // namespace tcpctl
