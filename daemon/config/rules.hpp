// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "config/options.hpp"

/// What the key table cannot say: rules between keys, and values with a form of their own.
namespace tcpctl::config {

/// Adds to `mistakes` what is wrong with the table `node` at `path` ("listeners.*"), whose keys were checked
/// one by one before; what has the wrong type is skipped here.
void apply_rules(const Node& node, const KeyTable& keys, std::string_view path, Mistakes& mistakes);

/// Adds a mistake for each required key of the table at `path` that `node` lacks; `below` is the name of a
/// table in `node` that was not written but whose keys are required, or "".
void require_keys(const Node& node, std::string_view below, const KeyTable& keys, std::string_view path,
                  Mistakes& mistakes);

/// The names of the tables that belong to services: the choices of "listeners.*.service".
[[nodiscard]] std::vector<std::string> service_names(const KeyTable& keys);

}  // namespace tcpctl::config
