// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api/request_reader.hpp"
#include "base/address.hpp"
#include "base/fd.hpp"

namespace tcpctl {

/// Who may do what: the part of the API's options that a reload changes (contract, section 5).
struct AccessOptions {
  struct Token {
    std::string name;
    std::string role;
    std::string sha256;      // hex; or
    std::string file;        // a file whose first line is the token; or
    std::string credential;  // the name of a systemd credential
  };
  std::string anonymous{"read"};             // role on loopback HTTP without a token: read | none
  std::map<std::string, std::string> roles;  // "user:NAME" | "group:NAME" -> role, on the Unix socket
  std::vector<Token> tokens;
  std::vector<std::string> allowed_hosts;  // names that Host may carry besides the loopback ones
  std::vector<Network> metrics_allow;      // whom the metrics listener serves
};

/// How much the HTTP front takes from anybody. The defaults are the product's; tests use smaller ones.
struct FrontLimits {
  api::RequestLimits request;
  std::chrono::milliseconds request_time{10'000};  // from a request's first byte to its last
  std::chrono::milliseconds idle_time{60'000};     // between requests
  std::chrono::milliseconds write_time{30'000};    // for the peer to take one answer
  std::chrono::milliseconds linger_time{1'000};    // for the peer to close after our FIN
  std::size_t connections{256};                    // for each socket; above it one gives way, or 503
  std::size_t held_bytes{std::size_t{16} << 20};   // for each socket, of requests and answers; above it 503
  std::size_t queue{64};                           // requests that wait for a worker; above it 503
  std::size_t workers{4};
  std::size_t probes{16};                             // requests that wait for a probe; more wait their turn
  std::size_t streams{16};                            // of events; above it 503
  std::size_t streams_kept{8};                        // of these, for the Unix socket alone
  std::size_t stream_buffer{std::size_t{64} * 1024};  // what a stream has under way in memory
  std::chrono::milliseconds stall_time{10'000};       // for a stream's reader to take that; then it is cut
  std::chrono::milliseconds heartbeat{5'000};         // between two comments in a stream
};

struct ApiOptions {
  std::string socket;          // path of the Unix socket; "" = none
  std::shared_ptr<Fd> passed;  // which listens already, in place of one at that path; null = none
  std::string http;            // literal loopback address, port 0 allowed; "" = none
  std::string metrics_listen;  // literal address; "" = none
  AccessOptions access;
  FrontLimits limits;
};

}  // namespace tcpctl
