// SPDX-License-Identifier: Apache-2.0
#include "app/object_tags.hpp"

#include <random>

#include <fmt/format.h>

#include "api/digest.hpp"

namespace tcpctl {

ObjectTags::ObjectTags() {
  std::random_device random;
  for (int i = 0; i < 4; ++i) salt_ += fmt::format("{:08x}", random());
}

std::string ObjectTags::of(const ObjectName& object, const config::Written& written) const {
  constexpr std::size_t kShown = 16;
  const auto digest = api::sha256(fmt::format("{}\n{}\n{}", salt_, object.text(), written.json()));
  std::string tag;
  for (std::size_t i = 0; i < kShown; ++i) tag += fmt::format("{:02x}", digest.at(i));
  return tag;
}

}  // namespace tcpctl
