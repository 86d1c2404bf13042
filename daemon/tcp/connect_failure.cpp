// SPDX-License-Identifier: Apache-2.0
#include "tcp/connect_failure.hpp"

#include <cerrno>

namespace tcpctl::tcp {

ConnectFailure connect_failure(int error_number) {
  switch (error_number) {
    case ECONNREFUSED:
    case ECONNRESET:
      return ConnectFailure::refused;
    case ENOENT:
      return ConnectFailure::no_listener;
    case ETIMEDOUT:
      return ConnectFailure::timed_out;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EADDRNOTAVAIL:
    case EAGAIN:
      return ConnectFailure::no_resources;
    default:
      return ConnectFailure::unreachable;
  }
}

}  // namespace tcpctl::tcp
