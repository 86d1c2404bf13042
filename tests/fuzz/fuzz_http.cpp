// SPDX-License-Identifier: Apache-2.0
// What anybody may send to the API: it is cut into the same requests wherever the stream breaks, within its
// bounds, and whatever is let through is answered with well-formed HTTP. The same bytes are also the body of
// every route that takes one.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "api/access.hpp"
#include "api/ask.hpp"
#include "api/core.hpp"
#include "api/request_reader.hpp"
#include "api/schema.hpp"
#include "base/log.hpp"

namespace {

using namespace tcpctl;
using api::RequestReader;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Outcome {
  std::vector<api::HttpRequest> requests;
  int refused{0};
};

void drain(RequestReader& reader, Outcome& outcome) {
  while (reader.state() == RequestReader::State::ready) {
    outcome.requests.push_back(reader.take());
  }
  if (reader.state() == RequestReader::State::refused) outcome.refused = reader.refusal().status;
}

Outcome read_in_parts(std::string_view bytes, std::size_t part) {
  RequestReader reader;
  Outcome outcome;
  while (!bytes.empty() && outcome.refused == 0) {
    const auto size = std::min(part, bytes.size());
    reader.feed(bytes.substr(0, size));
    bytes.remove_prefix(size);
    drain(reader, outcome);
  }
  return outcome;
}

void require_same(const Outcome& left, const Outcome& right) {
  require(left.refused == right.refused && left.requests.size() == right.requests.size());
  for (std::size_t i = 0; i < left.requests.size(); ++i) {
    require(left.requests[i].target == right.requests[i].target);
    require(left.requests[i].body == right.requests[i].body);
  }
}

/// One answer, framed by its length, and JSON unless it is one of the two texts.
void require_answer(const api::HttpRequest& request, const std::string& bytes) {
  const auto response = test::take_apart(bytes);
  require(response.status >= 200 && response.status < 600 && response.status != 500);  // 500: it threw
  if (request.method != "HEAD") {
    require(response.header("Content-Length") == std::to_string(response.body.size()));
  }
  require(response.head.find('\0') == std::string::npos);
  if (request.method != "HEAD" && response.header("Content-Type").find("json") != std::string::npos) {
    require(!api::Json::parse(response.body, nullptr, false).is_discarded());
  }
}

std::string filled(std::string text, std::string_view parameter, std::string_view value) {
  const auto at = text.find(parameter);
  return at == std::string::npos ? text : text.replace(at, parameter.size(), value);
}

/// Requests with `body` that are right but for it.
std::vector<api::HttpRequest> requests_with(const std::string& body) {
  std::vector<api::HttpRequest> requests;
  for (const auto& route : api::kRoutes) {
    if (route.body.empty()) continue;
    const auto* const name = route.path.starts_with("/v1/clients/") ? "feed" : "web";
    requests.push_back({std::string{route.method},
                        filled(filled(std::string{route.path}, "{name}", name), "{upstream}", "u1"),
                        true,
                        {{"host", "localhost"}, {"content-type", "application/json"}},
                        body});
  }
  return requests;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  log::set_level(log::Level::error);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const auto whole = read_in_parts(bytes, bytes.size() + 1);
  require_same(whole, read_in_parts(bytes, 1));
  require_same(whole, read_in_parts(bytes, 7));

  static test::FakeControlPlane control;
  static api::Core core{control};
  static const auto access = api::Access::make({}).value();
  api::Peer root;
  root.door = api::Door::unix_socket;
  for (const auto& requests : {whole.requests, requests_with(std::string{bytes})}) {
    for (const auto& request : requests) require_answer(request, core.answer(request, root, access).bytes);
  }
  return 0;
}
