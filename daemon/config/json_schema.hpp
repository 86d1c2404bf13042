// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "config/options.hpp"

namespace tcpctl::config {

/// The key table as JSON Schema (2020-12), for the API's document. JSON text: an object, name -> schema of
/// what may be written as the whole configuration (`Config`), and in the table of a listener or a client
/// (`ListenerConfig`, `ClientConfig`), and of what changes such a table (`ListenerPatch`, `ClientPatch`: RFC
/// 7396, so no key is required and null takes one away); they refer to each other as members of
/// #/components/schemas. Rules between keys are not in them.
[[nodiscard]] std::string json_schemas(const KeyTable& keys);

}  // namespace tcpctl::config
