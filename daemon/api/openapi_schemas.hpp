// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace tcpctl::api {

/// components/schemas of the OpenAPI document but for those of the configuration: a JSON object, name -> JSON
/// Schema. An object that lists `properties` has no others. The tests hold all answers of the API against it.
extern const std::string_view kOpenApiSchemas;

}  // namespace tcpctl::api
