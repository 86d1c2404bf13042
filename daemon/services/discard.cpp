// SPDX-License-Identifier: Apache-2.0
// discard - throws away what it receives. Source: RFC 863.
#include <array>

#include "services/registry.hpp"

namespace tcpctl {
namespace {

constexpr std::array kKeys{
    config::Key{.path = "close_after",
                .type = config::KeyType::size,
                .min = 1,
                .help = "Close once this many bytes were received; off = never"},
};

class Discard final : public Service {
 public:
  explicit Discard(Bytes limit) : limit_{limit} {}

  std::size_t on_data(Session& session, ByteView bytes) override {
    seen_ += Bytes{bytes.size()};
    if (seen_ >= limit_) session.finish(ServiceEnd::done, "close_after reached");
    return bytes.size();
  }
  [[nodiscard]] std::optional<ServiceState> state() const override {
    return ServiceState{.numbers = {seen_.count()}};
  }
  [[nodiscard]] bool resume(Session& /*session*/, const ServiceState& state) override {
    if (state.numbers.size() != 1) return false;
    seen_ = Bytes{state.numbers.front()};
    return true;
  }

 private:
  const Bytes limit_;
  Bytes seen_;
};

tl::expected<ServiceFactory, config::Mistakes> make(const config::OptionReader& options) {
  const auto limit = options.has("close_after") ? options.size("close_after") : Bytes::unlimited();
  return [limit] { return std::make_unique<Discard>(limit); };
}

}  // namespace

ServiceKind discard_service() {
  return {.name = "discard", .help = "Throws away what it receives (RFC 863)", .keys = kKeys, .make = make};
}

}  // namespace tcpctl
