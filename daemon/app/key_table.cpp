// SPDX-License-Identifier: Apache-2.0
#include "app/key_table.hpp"

#include <array>
#include <string>

#include "config/config.hpp"
#include "services/service.hpp"
#include "steps/steps.hpp"

namespace tcpctl {
namespace {

std::string service_names() {
  std::string names;
  for (const auto& kind : services()) {
    if (!names.empty()) names += '|';
    names += kind.name;
  }
  return names;
}

config::KeyTable make_key_table() {
  static const std::string names = service_names();
  static const std::array service_key{config::Key{.path = "service",
                                                  .type = config::KeyType::choice,
                                                  .choices = names,
                                                  .required = true,
                                                  .help = "what is done with its connections"}};
  config::KeyTable table;
  table.add("", config::core_keys());
  table.add("listeners.*", service_key);
  for (const auto& kind : services()) table.add("listeners.*." + std::string{kind.name}, kind.keys);
  table.add("listeners.*.forward.health", step_keys());
  table.add("clients.*", step_keys());
  table.add("clients.*", login_keys());
  return table;
}

}  // namespace

const config::KeyTable& key_table() {
  static const config::KeyTable table = make_key_table();
  return table;
}

}  // namespace tcpctl
