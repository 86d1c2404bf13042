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

constexpr auto make_pattern() {
  std::array<char, kPeriod> pattern{};
  for (std::size_t line = 0; line < kRing; ++line) {
    const auto start = line * kLine;
    for (std::size_t column = 0; column < kColumns; ++column) {
      pattern.at(start + column) = static_cast<char>(' ' + (line + column) % kRing);
    }
    pattern.at(start + kColumns) = '\r';
    pattern.at(start + kColumns + 1) = '\n';
  }
  return pattern;
}
constexpr auto kPattern = make_pattern();

/// What is sent in one turn at most, so that a fast peer leaves the loop to the others in between; `on_room`
/// takes it up again.
constexpr std::size_t kTurn = 9 * kPeriod;

class Chargen final : public Service {
 public:
  void on_open(Session& session) override { fill(session); }
  std::size_t on_data(Session&, ByteView bytes) override { return bytes.size(); }
  void on_room(Session& session) override { fill(session); }

 private:
  void fill(Session& session) {
    for (auto left = std::min(session.room(), kTurn); left > 0;) {
      const auto piece = ByteView{kPattern}.subspan(at_, std::min(left, kPeriod - at_));
      session.send(piece);
      at_ = (at_ + piece.size()) % kPeriod;
      left -= piece.size();
    }
  }

  std::size_t at_{0};  // in the pattern
};

tl::expected<ServiceFactory, config::Mistake> make(const config::OptionReader&) {
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
