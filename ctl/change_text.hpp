// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "ctl/json.hpp"
#include "ctl/object_kind.hpp"

namespace tcpctl::ctl {

/// The API's answer to a change of one object, in one line: what became of it, and of each key that changed,
/// from when on it holds. `object` is the object as it is now, where it was created; null if that is not
/// known.
[[nodiscard]] std::string change_text(const ObjectKind& kind, const Json& change, const Json& object);

}  // namespace tcpctl::ctl
