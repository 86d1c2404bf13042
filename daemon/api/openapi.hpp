// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace tcpctl::api {

/// The API's document, OpenAPI 3.1 as JSON: what /v1/openapi.json answers. `config_schemas` as
/// ControlPlane::config_schemas.
[[nodiscard]] std::string openapi_document(const std::string& config_schemas);

}  // namespace tcpctl::api
