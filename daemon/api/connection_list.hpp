// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/handlers.hpp"

namespace tcpctl::api {

/// A page of connections, written row by row: a thousand rows never exist as one JSON value.
[[nodiscard]] Reply connection_list(const Result<ConnectionPage>& page);

/// One connection, or why there is none.
[[nodiscard]] Reply connection_reply(const Result<ConnectionRow>& row);

/// The id in the path; what is no id is not found.
[[nodiscard]] Checked<ConnectionId> connection_id(const Call& call);

}  // namespace tcpctl::api
