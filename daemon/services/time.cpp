// SPDX-License-Identifier: Apache-2.0
// time - sends the seconds since 1900 in four bytes, then closes. Source: RFC 868.
#include "services/time.hpp"

#include "services/registry.hpp"

namespace tcpctl {
namespace {

constexpr std::int64_t kFrom1900To1970 = 2'208'988'800;  // seconds; given in RFC 868

class Time final : public Service {
 public:
  void on_open(Session& session) override {
    session.send(time_reply(wall_now()));
    session.finish(ServiceEnd::done);
  }
  std::size_t on_data(Session&, ByteView bytes) override { return bytes.size(); }
};

tl::expected<ServiceFactory, config::Mistakes> make(const config::OptionReader&) {
  return [] { return std::make_unique<Time>(); };
}

}  // namespace

std::array<char, 4> time_reply(WallTime now) {
  const auto since_1970 = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  const auto seconds = static_cast<std::uint32_t>(since_1970 + kFrom1900To1970);
  return {static_cast<char>(seconds >> 24), static_cast<char>(seconds >> 16), static_cast<char>(seconds >> 8),
          static_cast<char>(seconds)};
}

ServiceKind time_service() {
  return {.name = "time",
          .help = "Sends the seconds since 1900 in four bytes, then closes (RFC 868)",
          .keys = {},
          .make = make};
}

}  // namespace tcpctl
