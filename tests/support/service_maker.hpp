// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include "config/config.hpp"
#include "services/service.hpp"

namespace tcpctl::test {

/// The factory of the service `name` from the TOML of its own table, checked as the daemon checks it; or the
/// first mistake.
[[nodiscard]] inline tl::expected<ServiceFactory, config::Mistake> service_factory(const std::string& name,
                                                                                   const std::string& toml) {
  const auto* kind = find_service(name);
  if (kind == nullptr) throw std::invalid_argument{"no service " + name};
  config::KeyTable keys;
  keys.add(name, kind->keys);
  const auto root = config::parse_toml("[" + name + "]\n" + toml, "test.toml");
  if (!root) return tl::make_unexpected(root.error().front());
  const auto& table = *root->find(name);
  if (const auto mistakes = config::check(table, keys, name); !mistakes.empty()) {
    return tl::make_unexpected(mistakes.front());
  }
  return kind->make({table, keys, name});
}

/// A service for one connection; throws, so that the test fails, if the options are wrong.
[[nodiscard]] inline std::unique_ptr<Service> make_service(const std::string& name,
                                                           const std::string& toml = {}) {
  const auto factory = service_factory(name, toml);
  if (!factory) throw std::invalid_argument{factory.error().text()};
  return (*factory)();
}

/// What the user reads about wrong options; empty if they are right.
[[nodiscard]] inline std::string refusal(const std::string& name, const std::string& toml) {
  const auto factory = service_factory(name, toml);
  return factory ? std::string{} : factory.error().what;
}

}  // namespace tcpctl::test
