// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ctl/command.hpp"
#include "ctl/object_kind.hpp"

namespace tcpctl::ctl {

/// `add` creates an object, `set` changes some of its keys, `rm` removes one or more: what they say, the exit
/// status and the questions before something is lost are the same for listeners and clients.
[[nodiscard]] Exit add_object(Context& context, const Arguments& arguments, const ObjectKind& kind);
[[nodiscard]] Exit set_object(Context& context, const Arguments& arguments, const ObjectKind& kind);
[[nodiscard]] Exit remove_objects(Context& context, const Arguments& arguments, const ObjectKind& kind);

/// POST .../ACTION of the object NAME, of which `done` is said: "paused; it accepts nothing new".
[[nodiscard]] Exit act_on_object(Context& context, const Arguments& arguments, const ObjectKind& kind,
                                 const std::string& action, const std::string& done);
/// "/v1/listeners/web"
[[nodiscard]] std::string object_path(const ObjectKind& kind, const std::string& name);

/// The verbs themselves, to be run by functions that know the kind.
using RunVerb = Exit (*)(Context& context, const Arguments& arguments);
[[nodiscard]] std::vector<Verb> object_verbs(const ObjectKind& kind, RunVerb add, RunVerb set,
                                             RunVerb remove);

}  // namespace tcpctl::ctl
