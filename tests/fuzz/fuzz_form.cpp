// SPDX-License-Identifier: Apache-2.0
// What `tcpctl connect` makes of a peer's bytes and of the user's: however they are cut, it is the same, and
// nothing steers the terminal.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "ctl/connect/form.hpp"
#include "ctl/terminal.hpp"

namespace {

using namespace tcpctl::ctl;

void require(bool holds) {
  if (!holds) std::abort();
}

std::string shown(std::string_view bytes, std::size_t piece) {
  OutputForm form{OutputForm::Kind::terminal};
  std::string all;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size())))
    all += form.take(bytes.substr(0, piece));
  return all + form.end();
}

/// Nothing where it was refused.
std::optional<std::string> sent(InputForm::Kind kind, std::string_view bytes, std::size_t piece) {
  InputForm form{kind};
  std::string all;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    const auto taken = form.take(bytes.substr(0, piece));
    if (!taken) return std::nullopt;
    all += *taken;
  }
  return form.end() ? std::optional{all} : std::nullopt;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const auto whole = shown(bytes, SIZE_MAX);
  require(safe_lines(whole) == whole);
  require(whole == shown(bytes, 1));
  require(whole == shown(bytes, 3));
  for (const auto kind : {InputForm::Kind::plain, InputForm::Kind::crlf, InputForm::Kind::hex}) {
    const auto all = sent(kind, bytes, SIZE_MAX);
    require(all == sent(kind, bytes, 1));
    require(all == sent(kind, bytes, 3));
  }
  return 0;
}
