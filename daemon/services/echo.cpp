// SPDX-License-Identifier: Apache-2.0
// echo - sends back what it receives. Source: RFC 862.
#include "services/registry.hpp"

namespace tcpctl {
namespace {

class Echo final : public Service {
 public:
  std::size_t on_data(Session& session, ByteView bytes) override {
    if (session.room() == 0) return 0;
    session.send(bytes);
    return bytes.size();
  }
  [[nodiscard]] std::optional<ServiceState> state() const override { return ServiceState{}; }
  [[nodiscard]] bool resume(Session& /*session*/, const ServiceState& /*state*/) override { return true; }
};

tl::expected<ServiceFactory, config::Mistakes> make(const config::OptionReader&) {
  return [] { return std::make_unique<Echo>(); };
}

}  // namespace

ServiceKind echo_service() {
  return {.name = "echo", .help = "Sends back what it receives (RFC 862)", .keys = {}, .make = make};
}

}  // namespace tcpctl
