// SPDX-License-Identifier: Apache-2.0
// The dialog's line reader. Input: a byte for the options, a byte for the size of the pieces, then what the
// peer sends. However it is cut into pieces, and however slowly the peer reads, the answers are the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "config/config.hpp"
#include "support/fake_session.hpp"

namespace {

using namespace tcpctl;

constexpr std::size_t kMaxLine = 32;

void require(bool holds) {
  if (!holds) std::abort();
}

ServiceFactory dialog(const std::string& quit) {
  const auto* kind = find_service("dialog");
  config::KeyTable keys;
  keys.add("", kind->keys);
  const std::string text = "max_line = '32B'\nreply = '{n}<{line}>'\ngreeting = 'hi'\n";
  const auto root = config::parse_toml(text + quit, "fuzz.toml");
  auto factory = kind->make({*root, keys, ""});
  require(factory.has_value());
  return *std::move(factory);
}

std::unique_ptr<Service> make_dialog(bool quits) {
  static const ServiceFactory without = dialog("");
  static const ServiceFactory with = dialog("quit = 'exit'\n");
  return quits ? with() : without();
}

/// The whole conversation with the bytes in pieces of `piece` and room for `capacity` bytes at a time.
test::FakeSession converse(std::string_view bytes, std::size_t piece, std::size_t capacity, bool quits) {
  test::Conversation talk{make_dialog(quits)};
  talk.session.capacity = capacity;
  talk.open();
  while (!bytes.empty() && !talk.session.finished) {
    talk.say(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    talk.read_all();
  }
  talk.fin();
  // Each time the peer has read, at least one line more is taken, or the end is reached.
  for (auto turns = talk.unread().size() + 2; turns > 0 && !talk.session.finished; --turns) talk.read_all();
  require(talk.session.finished);
  return talk.session;
}

/// What the answers are to be, by the plainest reading of the rules.
std::string expected(std::string_view bytes, bool quits, bool& too_long) {
  std::string sent = "hi";
  std::size_t n = 0;
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    auto line = bytes.substr(0, end);
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    if (end != std::string_view::npos && line.ends_with('\r')) line.remove_suffix(1);
    // At the end of what was sent a CR may have been half a line end.
    const bool half_end = end == std::string_view::npos && line.ends_with('\r');
    too_long = line.size() > kMaxLine + (half_end ? 1 : 0);
    if (too_long || (quits && line == "exit")) return sent;
    sent += std::to_string(++n) + "<" + std::string{line} + ">";
  }
  return sent;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const bool quits = (data[0] & 1) != 0;
  const std::size_t capacity = data[0] / 2 + 1U;
  const std::size_t piece = data[1] + 1U;
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 2, size - 2};

  bool too_long = false;
  const auto answers = expected(bytes, quits, too_long);
  const auto session = converse(bytes, piece, capacity, quits);

  require(session.sent == answers);
  require((session.end == ServiceEnd::limit) == too_long);
  return 0;
}
