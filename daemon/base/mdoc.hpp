// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace tcpctl {

/// `text` as it is, for mdoc(7): on lines of text as well as behind a macro, where it is one argument.
[[nodiscard]] std::string mdoc_text(std::string_view text);

}  // namespace tcpctl
