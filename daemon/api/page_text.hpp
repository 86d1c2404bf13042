// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

/// The dashboard's text: embedded, so that nothing is read from disk and nothing is loaded from elsewhere.
namespace tcpctl::api {

extern const std::string_view kPageHead;
extern const std::string_view kPageStyle;
extern const std::string_view kPageBody;
extern const std::string_view kPageScript;

}  // namespace tcpctl::api
