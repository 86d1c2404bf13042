// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace tcpctl {

/// What kind of failure an `Error` is. The API maps each to one HTTP status, the CLI to one exit code.
enum class Errc {
  invalid_argument,
  not_found,
  already_exists,
  conflict,
  outdated,  // what the caller knows is not what there is
  limit_reached,
  timed_out,
  denied,
  unavailable,
  io,
};

/// A failure that may happen, as a value.
///
/// `what` is a fragment without a full stop that says what, where and, if it can, what to do:
/// "address 'x': port missing". `within` puts the surroundings in front, so it reads from outside in.
struct [[nodiscard]] Error {
  Errc code;
  std::string what;

  [[nodiscard]] Error within(const std::string& context) && {
    return {code, context + ": " + std::move(what)};
  }
};

template <class T>
using Result = tl::expected<T, Error>;

/// `return fail(Errc::not_found, "no listener 'x'");` in any function that answers a Result.
[[nodiscard]] inline tl::unexpected<Error> fail(Errc code, std::string what) {
  return tl::make_unexpected(Error{code, std::move(what)});
}

/// The words of strerror(3) for `error_number`. Threads: any.
[[nodiscard]] std::string errno_text(int error_number);

}  // namespace tcpctl
