// SPDX-License-Identifier: Apache-2.0
#include "api/core.hpp"

#include <utility>

#include <fmt/format.h>
#include <httplib.h>

#include "api/dispatch.hpp"

namespace tcpctl::api {
namespace {

/// A request in, an answer out, in memory.
class MemoryStream final : public httplib::Stream {
 public:
  explicit MemoryStream(std::string_view in) : in_{in} {}
  [[nodiscard]] bool is_readable() const override { return !in_.empty(); }
  [[nodiscard]] bool is_writable() const override { return true; }
  ssize_t read(char* into, std::size_t size) override {
    const auto count = in_.copy(into, size);
    in_.remove_prefix(count);
    return static_cast<ssize_t>(count);
  }
  ssize_t write(const char* bytes, std::size_t size) override {
    out_.append(bytes, size);
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string& /*ip*/, int& /*port*/) const override {}
  void get_local_ip_and_port(std::string& /*ip*/, int& /*port*/) const override {}
  [[nodiscard]] int socket() const override { return 0; }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  std::string_view in_;
  std::string out_;
};

/// What belongs to the request that this thread answers; cpp-httplib hands its own Request alone to handlers.
thread_local const RequestContext* current = nullptr;
/// The events that are to follow the answer, which cpp-httplib cannot carry.
thread_local std::shared_ptr<const EventQuery> wished;

}  // namespace

class Core::Engine final : public httplib::Server {
 public:
  explicit Engine(ControlPlane& control) {
    set_keep_alive_timeout(60);
    set_keep_alive_max_count(1000);
    set_pre_routing_handler([&control](const httplib::Request& request, httplib::Response& response) {
      Query query;
      bool twice = false;
      for (const auto& [name, value] : request.params) twice |= !query.emplace(name, value).second;
      const Reply reply = dispatch(control, *current, {request.path, query, twice});
      wished = reply.stream;
      write(reply, response);
      return HandlerResponse::Handled;
    });
    set_exception_handler(
        [](const httplib::Request&, httplib::Response& response, const std::exception_ptr&) {
          write(problem_reply(500, "the request could not be served"), response);
        });
    // Only for what cpp-httplib refuses by itself: the answer has no body then.
    set_error_handler([](const httplib::Request&, httplib::Response& response) {
      if (response.body.empty()) write(problem_reply(response.status, "the target is malformed"), response);
    });
    set_post_routing_handler([](const httplib::Request&, httplib::Response& response) {
      response.headers.erase("Accept-Ranges");
      if (response.status == 204) response.headers.erase("Content-Length");
    });
  }

  std::string run(std::string_view head, bool close) {
    MemoryStream stream{head};
    bool closed = false;
    process_request(stream, close, closed, nullptr);
    return stream.take();
  }

 private:
  static void write(const Reply& reply, httplib::Response& response) {
    response.status = reply.status;
    response.headers.clear();
    for (const auto& [name, value] : common_headers()) response.set_header(name, value);
    for (const auto& [name, value] : reply.headers) {
      response.headers.erase(name);
      response.set_header(name, value);
    }
    if (reply.status == 204) return;
    response.set_content(reply.body, reply.type);
  }
};

Core::Core(ControlPlane& control) : engine_{std::make_unique<Engine>(control)} {}
Core::~Core() = default;

Core::Answer Core::answer(const HttpRequest& request, const Peer& peer, const Access& access) {
  const RequestContext context{request, peer, access};
  current = &context;
  const auto head = fmt::format("{} {} HTTP/1.1\r\n\r\n", request.method, request.target);
  Answer answer{engine_->run(head, !request.keep_alive), !request.keep_alive, nullptr};
  current = nullptr;
  if (auto stream = std::exchange(wished, nullptr)) return {raw_stream_head(), true, std::move(stream)};
  if (answer.bytes.empty()) answer = {raw_problem(500, "the request could not be served"), true, nullptr};
  return answer;
}

bool Core::is_instant(const HttpRequest& request) {
  return request.target == "/healthz" && (request.method == "GET" || request.method == "HEAD");
}

bool Core::waits_for_others(const HttpRequest& request) {
  const std::string_view target{request.target};
  const auto path = target.substr(0, target.find('?'));
  // An encoded path may be any.
  if (path == "/probe" || path.find('%') != std::string_view::npos) return true;
  if (!path.starts_with("/v1/clients/")) return false;
  return path.ends_with("/run") || (path.ends_with("/send") && path.size() < target.size());
}

}  // namespace tcpctl::api
