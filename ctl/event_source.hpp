// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "ctl/event_stream.hpp"
#include "ctl/exit.hpp"
#include "ctl/host.hpp"

namespace tcpctl::ctl {

/// A stream of the API over one connection after the other: where one is lost, the next goes on behind the
/// last event that came.
///
/// Threads: one; `run` blocks.
class EventSource {
 public:
  struct Wishes {
    std::string path;   // with the query
    std::string token;  // "" for none
    int watched{-1};    // the descriptor of the reader; -1 = there is none to watch
    std::function<void(const EventStream::Event&)> listener;
    std::function<void(const std::string& id)> begun;  // once: the first stream goes on behind this
    std::function<bool()> is_wanted;                   // asked after each piece
    std::function<void(const std::string& why)> lost;  // the connection is lost, and will be tried again
    std::chrono::milliseconds patience{
        std::chrono::seconds{20}};  // for the next byte; the daemon beats each 5 s
  };

  EventSource(const Host& host, Wishes wishes) : host_{host}, wishes_{std::move(wishes)} {}

  /// Until it is no longer wanted, or the reader is gone: then `done`. Errors: whatever keeps the first
  /// connection from coming about, and what the daemon refuses later on.
  [[nodiscard]] Answer<void> run();

 private:
  enum class End { unwanted, lost };
  [[nodiscard]] Answer<End> run_once();
  [[nodiscard]] Answer<void> send_request(int fd) const;
  /// Whether there is something to read; nothing where the reader is gone.
  enum class Ready { readable, nothing, unwanted };
  [[nodiscard]] Ready wait(int fd, std::chrono::milliseconds time) const;
  [[nodiscard]] Answer<End> read_stream(int fd, std::string_view first);

  const Host& host_;
  Wishes wishes_;
  std::string last_id_;
  std::chrono::milliseconds pause_{std::chrono::seconds{1}};
  bool was_up_{false};  // once: from then on the daemon is waited for
  bool told_{false};    // of this loss
  bool begun_{false};
};

}  // namespace tcpctl::ctl
