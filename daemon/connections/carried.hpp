// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hpp"
#include "connections/facts.hpp"
#include "services/service.hpp"

namespace tcpctl {

/// A socket on its way from one process of the daemon to the next, with its record. Its owner is named apart,
/// for each process has its own.
struct CarriedLeg {
  Fd fd;
  Facts facts;
  std::string queued{};  // for the peer; what the kernel has not taken yet
};

/// What the slot of a client that is kept up goes on with.
struct CarriedSlot {
  std::uint32_t number{0};  // of its client's, from 0
  std::uint64_t attempts{0};
  std::uint32_t failures{0};
  WallTime since{};
  Instant up_since{};
};

/// A connection, or both of a forwarded session, between two processes. Threads: a plain value.
struct CarriedSession {
  std::string owner;         // the listener's or the client's name
  bool is_of_client{false};  // which of the two
  std::string service;       // as the owner says; another service could not go on
  CarriedLeg leg;
  std::optional<CarriedLeg> upstream{};  // of a forwarded session
  ServiceState state{};                  // of a served connection
  std::string held{};                    // what its service, or its client, has not taken yet
  CarriedSlot slot{};                    // of a client's
};

/// Nobody here can go on with it: its peers get a FIN, and the log says why.
void drop(CarriedSession& session, std::string_view why);

}  // namespace tcpctl
