// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "api/digest.hpp"
#include "api/handlers.hpp"
#include "api/page_text.hpp"

namespace tcpctl::api {
namespace {

/// Only the script and the style of this very page, and requests to where it came from.
std::string policy() {
  const auto hash = [](std::string_view text) {
    const auto digest = sha256(text);
    return to_base64({reinterpret_cast<const char*>(digest.data()), digest.size()});
  };
  return fmt::format(
      "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; connect-src 'self'; "
      "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      hash(kPageScript), hash(kPageStyle));
}

std::string page() {
  return fmt::format("{}<style>{}</style>\n{}<script>{}</script>\n", kPageHead, kPageStyle, kPageBody,
                     kPageScript);
}

}  // namespace

Reply handlers::get_page(const Call& /*call*/) {
  static const std::string content_policy = policy();
  static const std::string text = page();
  return {200, "text/html; charset=utf-8", text, {{"Content-Security-Policy", content_policy}}};
}

}  // namespace tcpctl::api
