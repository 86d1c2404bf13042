// SPDX-License-Identifier: Apache-2.0
#include "connections/proxy_header.hpp"

#include <utility>

#include <fmt/format.h>

#include "tcp/proxy_protocol.hpp"

namespace tcpctl {

void ProxyHeaderConnection::on_open() { worker().wheel().set(timer_, worker().time() + limits_.timeout); }

void ProxyHeaderConnection::on_ready() {
  if (is_read_) {
    end_if_reset();  // all else is for whoever goes on with the socket
    return;
  }
  const Read read = peek(limits_.max_bytes);
  if (read.status == Read::Status::eof) {
    room_.reset();
    finish(Reason::peer_fin);  // it never said a word
    return;
  }
  if (read.status != Read::Status::data) return;
  auto parsed = tcp::parse_proxy_header(read.bytes, limits_.max_bytes);
  if (!parsed) {
    refuse(parsed.error().what);
    return;
  }
  if (!*parsed) {
    // What is there is no edge any more: only what comes now calls again.
    if (hung_up()) on_cut(read.bytes.size());
    end_if_reset();
    return;
  }
  tcp::ProxyHeader& header = (*parsed)->header;
  if (!skip((*parsed)->size)) return;
  Wheel::cancel(timer_);
  is_read_ = true;
  is_local_ = header.is_local;
  if (!is_local_) {
    note_proxied({std::move(header.source), std::move(header.destination), std::move(header.unique_id)});
  }
  next_(*this);
}

void ProxyHeaderConnection::on_gone() {
  Wheel::cancel(timer_);
  room_.reset();
}

void ProxyHeaderConnection::on_overdue(Reason reason, std::string_view detail) {
  room_.reset();
  finish(reason, detail);
}

void ProxyHeaderConnection::refuse(std::string_view why) {
  room_.reset();
  finish(Reason::proxy_header_error, why);
}

void ProxyHeaderConnection::on_cut(std::size_t bytes) {
  if (state() == tcp::State::closed) return;  // by an RST, which is an end of its own
  refuse(fmt::format("the peer's FIN came after {} bytes of the header", bytes));
}

void ProxyHeaderConnection::on_late() {
  if (!is_open()) return;
  worker().tick();
  const Read read = peek(limits_.max_bytes);
  if (read.status == Read::Status::ended) return;
  refuse(fmt::format("{} bytes of the header came within {}", read.bytes.size(),
                     duration_text(limits_.timeout)));
}

}  // namespace tcpctl
