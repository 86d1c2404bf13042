// SPDX-License-Identifier: Apache-2.0
#include "api/request_reader.hpp"

#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "api/host.hpp"
#include "base/text.hpp"

namespace tcpctl::api {
namespace {

constexpr std::string_view kCrlf = "\r\n";
constexpr std::string_view kEndOfHead = "\r\n\r\n";
constexpr std::array<std::string_view, 7> kMethods{"GET",   "HEAD",   "POST",   "PUT",
                                                   "PATCH", "DELETE", "OPTIONS"};
constexpr std::array<std::string_view, 6> kAtMostOnce{"host",          "content-length", "content-type",
                                                      "authorization", "origin",         "connection"};

/// RFC 9110 section 5.6.2.
bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [kMarks](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f'); }

/// Every '%' begins "%HH" (RFC 3986 section 2.1).
bool is_well_encoded(std::string_view target) {
  for (auto at = target.find('%'); at != std::string_view::npos; at = target.find('%', at + 1)) {
    if (at + 2 >= target.size() || !is_hex(target[at + 1]) || !is_hex(target[at + 2])) return false;
  }
  return true;
}

/// Some take "%2F" for a separator and some do not, so what is refused by one could be let pass by another.
bool has_hidden_slash(std::string_view target) {
  const auto path = target.substr(0, target.find('?'));
  return path.find("%2F") != std::string_view::npos || path.find("%2f") != std::string_view::npos;
}

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

/// Blanks and tabs may stand in a value, and bytes above ASCII (RFC 9110 section 5.5); control characters
/// not.
bool is_header_value(std::string_view text) {
  return std::ranges::none_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

RequestReader::State RequestReader::feed(std::string_view bytes) {
  if (state_ == State::refused) return state_;
  buffer_.append(bytes);
  if (state_ != State::ready) advance();
  return state_;
}

HttpRequest RequestReader::take() {
  HttpRequest taken = std::exchange(request_, {});
  in_body_ = false;
  scanned_ = 0;
  state_ = State::idle;
  advance();
  return taken;
}

void RequestReader::advance() {
  if (!in_body_) look_for_head();
  if (in_body_) look_for_body();
}

void RequestReader::look_for_head() {
  // RFC 9112 section 2.2: an empty line before a request is passed over.
  std::size_t empty = 0;
  while (std::string_view{buffer_}.substr(empty).starts_with(kCrlf)) empty += kCrlf.size();
  buffer_.erase(0, empty);
  if (buffer_.empty()) {
    state_ = State::idle;
    return;
  }
  state_ = State::partial;
  const auto end = buffer_.find(kEndOfHead, scanned_);
  const auto size = end == std::string::npos ? buffer_.size() : end + kEndOfHead.size();
  const std::size_t line_limit = limits_.target + 32;  // method, blanks and version take the rest
  if (buffer_.find(kCrlf) > line_limit && size > line_limit) {
    refuse(414, fmt::format("the request line has more than {} bytes", line_limit));
    return;
  }
  if (size > limits_.head) {
    refuse(431, fmt::format("the head has more than {} bytes", limits_.head));
    return;
  }
  if (end == std::string::npos) {
    scanned_ = buffer_.size() < kEndOfHead.size() ? 0 : buffer_.size() - kEndOfHead.size() + 1;
    return;
  }
  if (!parse_head(std::string_view{buffer_}.substr(0, end))) return;
  buffer_.erase(0, size);
  in_body_ = true;
}

void RequestReader::look_for_body() {
  if (buffer_.size() < body_size_) return;
  if (body_size_ > 0) {
    // The memory goes with the body: a connection that is kept must not keep it.
    auto rest = buffer_.substr(body_size_);
    buffer_.resize(body_size_);
    request_.body = std::exchange(buffer_, std::move(rest));
  }
  state_ = State::ready;
}

bool RequestReader::parse_head(std::string_view head) {
  bool first = true;
  while (!head.empty()) {
    const auto end = head.find(kCrlf);
    const auto line = head.substr(0, end);
    head = end == std::string_view::npos ? std::string_view{} : head.substr(end + kCrlf.size());
    if (!(first ? parse_request_line(line) : parse_header(line))) return false;
    first = false;
  }
  return check_headers() && check_length();
}

bool RequestReader::parse_request_line(std::string_view line) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return refuse(400, "the request line is not 'METHOD TARGET HTTP/1.1'");
  }
  const auto method = line.substr(0, first);
  const auto target = line.substr(first + 1, last - first - 1);
  const auto version = line.substr(last + 1);
  if (!is_token(method)) return refuse(400, "the method is malformed");
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return refuse(505, "only HTTP/1.1 is spoken here");
  if (std::ranges::find(kMethods, method) == kMethods.end()) {
    return refuse(501, fmt::format("method {} is not known", escaped(as_bytes(method), 32)));
  }
  if (target.size() > limits_.target) {
    return refuse(414, fmt::format("the target has more than {} bytes", limits_.target));
  }
  if (!target.starts_with('/') || !is_printable(target) || target.find('#') != std::string_view::npos) {
    return refuse(400, "the target is not a path with an optional query");
  }
  if (!is_well_encoded(target)) return refuse(400, "the target has a % without two hex digits");
  if (has_hidden_slash(target))
    return refuse(400, "the path has a slash as %2F, which no name and no id has");
  request_.method = method;
  request_.target = target;
  request_.keep_alive = version == "HTTP/1.1";
  return true;
}

bool RequestReader::parse_header(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    return refuse(400, "a header is not 'Name: value'");
  }
  const auto value = trimmed(line.substr(colon + 1));
  if (!is_header_value(value)) return refuse(400, "a header has control characters");
  if (request_.headers.size() == limits_.headers) {
    return refuse(431, fmt::format("there are more than {} headers", limits_.headers));
  }
  request_.headers.push_back({lower_case(line.substr(0, colon)), std::string{value}});
  return true;
}

bool RequestReader::check_headers() {
  for (const auto name : kAtMostOnce) {
    if (std::ranges::count(request_.headers, name, &HttpRequest::Header::name) > 1) {
      return refuse(400, fmt::format("there is more than one header {}", name));
    }
  }
  if (!request_.header("host")) return refuse(400, "the header Host is missing");
  if (request_.header("transfer-encoding")) {
    return refuse(501, "Transfer-Encoding is not served; send Content-Length");
  }
  if (request_.header("content-encoding")) return refuse(415, "encoded bodies are not served");
  if (request_.header("expect")) return refuse(417, "Expect is not served; send the body at once");
  if (request_.header("range")) return refuse(416, "ranges are not served");
  if (const auto connection = request_.header("connection")) {
    const auto word = lower_case(*connection);
    if (word.find("close") != std::string::npos) request_.keep_alive = false;
    if (word == "keep-alive") request_.keep_alive = true;
  }
  return true;
}

bool RequestReader::check_length() {
  body_size_ = 0;
  const auto length = request_.header("content-length");
  if (!length) return true;
  const char* const end = length->data() + length->size();
  const bool digits = !length->empty() && length->find_first_not_of("0123456789") == std::string_view::npos;
  if (!digits) return refuse(400, "Content-Length is not a number");
  const auto [stop, error] = std::from_chars(length->data(), end, body_size_);
  if (error != std::errc{} || stop != end || body_size_ > limits_.body) {
    return refuse(413, fmt::format("the body has more than {} bytes", limits_.body));
  }
  return true;
}

bool RequestReader::refuse(int status, std::string detail) {
  state_ = State::refused;
  refusal_ = {status, std::move(detail)};
  buffer_.clear();
  buffer_.shrink_to_fit();
  request_ = {};
  in_body_ = false;
  return false;
}

}  // namespace tcpctl::api
