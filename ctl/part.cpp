// SPDX-License-Identifier: Apache-2.0
#include "ctl/part.hpp"

#include <cerrno>

#include <fmt/format.h>

#include "base/error.hpp"

namespace tcpctl::ctl {

Exit become(Context& context, const std::string& part) {
  const auto& environment = context.environment();
  const int error = environment.become ? environment.become(part) : ENOSYS;
  return context.fail({Exit::failed, fmt::format("cannot run {}: {}; install the package tcpctl again", part,
                                                 errno_text(error))});
}

std::vector<Noun> with_run(std::vector<Noun> nouns, std::string_view name, decltype(Verb::run) run) {
  for (auto& noun : nouns) {
    if (noun.name == name) noun.verbs.front().run = run;
  }
  return nouns;
}

}  // namespace tcpctl::ctl
