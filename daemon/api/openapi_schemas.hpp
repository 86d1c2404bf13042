// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace tcpctl::api {

/// components/schemas of the OpenAPI document: a JSON object, name -> JSON Schema. The tests hold the rows
/// that the API answers against it.
extern const std::string_view kOpenApiSchemas;

}  // namespace tcpctl::api
