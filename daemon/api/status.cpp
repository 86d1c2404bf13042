// SPDX-License-Identifier: Apache-2.0
#include "api/handlers.hpp"

namespace tcpctl::api::handlers {

Reply get_status(const Call& call) { return answer(call.control.status()); }

}  // namespace tcpctl::api::handlers
