// SPDX-License-Identifier: Apache-2.0
#include "config/written.hpp"

#include "config/config.hpp"

namespace tcpctl::config {

Written::Written(const Node& table) : json_{to_json(table, {}, "", false)} { json_.shrink_to_fit(); }

Node Written::node(const std::string& pointer) const {
  // It was made of a tree that had passed the parser's bounds, so it cannot be refused.
  return parse_json(json_, pointer).value_or(Node{Node::Table{}, {}});
}

std::string Written::json(const KeyTable& keys, std::string_view path, bool redact) const {
  return redact ? to_json(node(), keys, path, true) : json_;
}

}  // namespace tcpctl::config
