// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "api/access.hpp"
#include "api/control.hpp"
#include "api/http_request.hpp"

namespace tcpctl::api {

/// Answers complete requests: who asks, may he, which route, what does the ControlPlane say.
///
/// cpp-httplib decodes the target and writes the answer. It gets a head of our own making and no body: what
/// its version does to headers, lengths and encodings of the client never happens here.
/// Threads: `answer` from any number at once; it blocks as long as the ControlPlane does.
class Core {
 public:
  explicit Core(ControlPlane& control);
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;
  ~Core();

  struct Answer {
    std::string bytes;                           // head and body
    bool close{false};                           // this was the connection's last answer
    std::shared_ptr<const EventQuery> stream{};  // `bytes` is the head of these events
  };
  [[nodiscard]] Answer answer(const HttpRequest& request, const Peer& peer, const Access& access);

  /// Is this answered without asking anybody, so that the loop may do it itself?
  [[nodiscard]] static bool is_instant(const HttpRequest& request);
  /// May the answer take as long as a probe, or a peer's acknowledgement? Such requests have threads of
  /// their own, so that they hold nobody else up.
  [[nodiscard]] static bool waits_for_others(const HttpRequest& request);

 private:
  class Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace tcpctl::api
