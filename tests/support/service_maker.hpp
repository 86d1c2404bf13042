// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include "services/service.hpp"
#include "support/options.hpp"

namespace tcpctl::test {

/// The factory of the service `name` from the TOML of its own table, checked as the daemon checks it; or the
/// first mistake.
[[nodiscard]] inline tl::expected<ServiceFactory, std::string> service_factory(const std::string& name,
                                                                               const std::string& toml) {
  const auto* kind = find_service(name);
  if (kind == nullptr) throw std::invalid_argument{"no service " + name};
  const Options options{toml, kind->keys};
  if (!options.mistakes().empty()) return tl::make_unexpected(options.mistakes().front());
  return kind->make(options.reader()).map_error([](const auto& mistakes) { return mistakes.front().what; });
}

/// A service for one connection; throws, so that the test fails, if the options are wrong.
[[nodiscard]] inline std::unique_ptr<Service> make_service(const std::string& name,
                                                           const std::string& toml = {}) {
  const auto factory = service_factory(name, toml);
  if (!factory) throw std::invalid_argument{factory.error()};
  return (*factory)();
}

/// What the user reads about wrong options; empty if they are right.
[[nodiscard]] inline std::string refusal(const std::string& name, const std::string& toml) {
  const auto factory = service_factory(name, toml);
  return factory ? std::string{} : factory.error();
}

}  // namespace tcpctl::test
