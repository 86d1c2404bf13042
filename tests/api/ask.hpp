// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "api/access.hpp"
#include "api/core.hpp"
#include "api/fake_control_plane.hpp"

namespace tcpctl::test {

/// An answer taken apart.
struct Response {
  int status{0};
  std::string head;  // with the status line
  std::string body;
  [[nodiscard]] std::string header(const std::string& name) const {
    const auto at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return {};
    const auto begin = at + name.size() + 4;
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }
  [[nodiscard]] nlohmann::ordered_json json() const { return nlohmann::ordered_json::parse(body); }
};

[[nodiscard]] inline Response take_apart(const std::string& bytes) {
  Response response;
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string::npos || !bytes.starts_with("HTTP/1.1 ")) return response;
  response.status = std::stoi(bytes.substr(9, 3));
  response.head = bytes.substr(0, end + 2);
  response.body = bytes.substr(end + 4);
  return response;
}

/// Asks a Core without any socket, by default as root on the Unix socket.
class Asker {
 public:
  FakeControlPlane control;
  api::Peer peer = [] {
    api::Peer root;
    root.door = api::Door::unix_socket;
    return root;
  }();
  std::optional<Instant> since;  // of its requests

  void set_access(const AccessOptions& options) { access_ = api::Access::make(options).value(); }

  Response ask(const std::string& method, const std::string& target, const std::string& body = "",
               const std::vector<api::HttpRequest::Header>& headers = {}) {
    api::HttpRequest request{method, target, true, {{"host", "localhost"}}, body};
    if (!body.empty()) request.headers.push_back({"content-type", "application/json"});
    for (const auto& header : headers) {
      std::erase_if(request.headers, [&](const auto& old) { return old.name == header.name; });
      request.headers.push_back(header);
    }
    request.since = since;
    return take_apart(core_.answer(request, peer, access_).bytes);
  }
  Response get(const std::string& target) { return ask("GET", target); }

 private:
  api::Access access_ = api::Access::make({}).value();
  api::Core core_{control};
};

}  // namespace tcpctl::test
