// SPDX-License-Identifier: Apache-2.0
#include "api/reply.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace tcpctl::api {
namespace {

constexpr std::string_view kProblemType = "application/problem+json";
constexpr std::string_view kNothingAllowed = "default-src 'none'; frame-ancestors 'none'";

/// "urn:tcpctl:problem:not-found": stable names that programs can compare.
std::string problem_type(int status) {
  std::string name{reason_phrase(status)};
  for (auto& c : name) {
    if (c == ' ') c = '-';
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return "urn:tcpctl:problem:" + name;
}

}  // namespace

int status_of(Errc code) {
  switch (code) {
    case Errc::invalid_argument:
      return 400;
    case Errc::not_found:
      return 404;
    case Errc::already_exists:
    case Errc::conflict:
      return 409;
    case Errc::outdated:
      return 412;
    case Errc::limit_reached:
    case Errc::unavailable:
      return 503;
    case Errc::timed_out:
      return 504;
    case Errc::denied:
      return 403;
    case Errc::io:
      return 500;
  }
  return 500;
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Error";
  }
}

Reply problem_reply(const Problem& problem) {
  Json json{{"type", problem_type(problem.status)},
            {"title", reason_phrase(problem.status)},
            {"status", problem.status},
            {"detail", problem.detail}};
  if (!problem.errors.empty()) {
    json["errors"] = Json::array();
    for (const auto& [pointer, detail] : problem.errors) {
      json["errors"].push_back({{"pointer", pointer}, {"detail", detail}});
    }
  }
  return {problem.status, std::string{kProblemType}, dump(json), {}};
}

Reply problem_reply(int status, std::string detail) {
  return problem_reply(Problem{status, std::move(detail), {}});
}

Reply problem_reply(const Error& error) { return problem_reply(status_of(error.code), error.what); }

Reply json_reply(const Json& json) { return {200, "application/json", dump(json), {}}; }

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

const std::vector<std::pair<std::string, std::string>>& common_headers() {
  static const std::vector<std::pair<std::string, std::string>> headers{
      {"Cache-Control", "no-store"},
      {"Content-Security-Policy", std::string{kNothingAllowed}},
      {"Referrer-Policy", "no-referrer"},
      {"X-Content-Type-Options", "nosniff"},
      {"X-Frame-Options", "DENY"}};
  return headers;
}

std::string raw_stream_head() {
  std::string text = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n";
  for (const auto& [name, value] : common_headers()) text += fmt::format("{}: {}\r\n", name, value);
  return text + "Connection: close\r\n\r\n";
}

std::string raw_problem(int status, const std::string& detail) {
  const auto reply = problem_reply(status, detail);
  std::string text = fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n", status,
                                 reason_phrase(status), reply.type, reply.body.size());
  for (const auto& [name, value] : common_headers()) text += fmt::format("{}: {}\r\n", name, value);
  return text + "Connection: close\r\n\r\n" + reply.body;
}

}  // namespace tcpctl::api
