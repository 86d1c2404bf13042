// SPDX-License-Identifier: Apache-2.0
#include "base/mdoc.hpp"

namespace tcpctl {

std::string mdoc_text(std::string_view text) {
  std::string out = "\\&";  // a '.' at the beginning is no request, "Ar" is no macro
  for (const char c : text) {
    switch (c) {
      case '\\':
        out += "\\e";
        break;
      case '-':
        out += "\\-";
        break;
      case '"':
        out += "\\(dq";
        break;
      case '\'':
        out += "\\(aq";
        break;
      case '`':
        out += "\\(ga";
        break;
      case '^':
        out += "\\(ha";
        break;
      case '~':
        out += "\\(ti";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace tcpctl
