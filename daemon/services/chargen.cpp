// SPDX-License-Identifier: Apache-2.0
// chargen - sends lines of characters for as long as the peer reads them. Source: RFC 864.
#include <algorithm>
#include <array>

#include "services/registry.hpp"

namespace tcpctl {
namespace {

constexpr std::size_t kRing = '~' - ' ' + 1;  // the printable characters of ASCII
constexpr std::size_t kColumns = 72;
constexpr std::size_t kLine = kColumns + 2;
constexpr std::size_t kPeriod = kRing * kLine;  // bytes after which the pattern repeats

constexpr std::size_t kRepeats = 9;  // so that one piece fills most of what a session has room for

constexpr auto make_pattern() {
  std::array<char, kRepeats * kPeriod> pattern{};
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    const auto line = at / kLine;
    const auto column = at % kLine;
    pattern.at(at) = column < kColumns ? static_cast<char>(' ' + (line + column) % kRing)
                                       : (column == kColumns ? '\r' : '\n');
  }
  return pattern;
}
constexpr auto kPattern = make_pattern();

class Chargen final : public Service {
 public:
  void on_open(Session& session) override { fill(session); }
  std::size_t on_data(Session&, ByteView bytes) override { return bytes.size(); }
  void on_room(Session& session) override { fill(session); }
  [[nodiscard]] std::optional<ServiceState> state() const override { return ServiceState{.numbers = {at_}}; }
  [[nodiscard]] bool resume(Session& session, const ServiceState& state) override {
    if (state.numbers.size() != 1) return false;
    at_ = static_cast<std::size_t>(state.numbers.front() % kPeriod);
    fill(session);
    return true;
  }

 private:
  /// Fills all the room there is, so that `on_room` follows; the session ends a turn by having none left.
  void fill(Session& session) {
    for (auto room = session.room(); room > 0; room = session.room()) {
      const auto piece = ByteView{kPattern}.subspan(at_, std::min(room, kPattern.size() - at_));
      session.send(piece);
      at_ = (at_ + piece.size()) % kPeriod;
    }
  }

  std::size_t at_{0};  // in the period
};

tl::expected<ServiceFactory, config::Mistakes> make(const config::OptionReader&) {
  return [] { return std::make_unique<Chargen>(); };
}

}  // namespace

ServiceKind chargen_service() {
  return {.name = "chargen",
          .help = "Sends the rotating lines of printable characters for as long as the peer reads (RFC 864)",
          .keys = {},
          .make = make};
}

}  // namespace tcpctl
