// SPDX-License-Identifier: Apache-2.0
#include "ctl/commands/registry.hpp"

namespace tcpctl::ctl::commands {

std::vector<Noun> all() {
  std::vector<Noun> nouns;
#define X(name) nouns.push_back(name##_noun());
  TCPCTL_NOUNS(X)
#undef X
  return nouns;
}

}  // namespace tcpctl::ctl::commands
