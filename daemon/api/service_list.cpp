// SPDX-License-Identifier: Apache-2.0
#include "api/handlers.hpp"

namespace tcpctl::api::handlers {

Reply get_services(const Call& call) { return answer_all(call.control.services()); }

}  // namespace tcpctl::api::handlers
