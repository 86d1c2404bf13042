// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace tcpctl::ctl {

/// Reads a stream of server-sent events, in whatever pieces it comes.
///
/// A line and an event are bounded; a stream that exceeds that is no daemon's, and `feed` says so from then
/// on. Threads: one. Source: HTML Living Standard, section 9.2.6 "Interpreting an event stream".
class EventStream {
 public:
  static constexpr std::size_t kLongest = std::size_t{256} * 1024;  // a line, and the data of an event

  struct Event {
    std::string type;  // "message" where the stream names none
    std::string data;
  };
  using Listener = std::function<void(const Event&)>;

  explicit EventStream(Listener listener) : listener_{std::move(listener)} {}

  /// Calls the listener for each event that `bytes` complete. False: this is no stream of events.
  [[nodiscard]] bool feed(std::string_view bytes);
  /// The number behind which it began; "" if it did not say.
  [[nodiscard]] const std::string& first_id() const { return first_id_; }
  /// What to ask with to go on where this stream ends; "" if it did not say.
  [[nodiscard]] const std::string& last_id() const { return last_id_; }
  /// How long to wait before asking again, if it said so.
  [[nodiscard]] std::optional<std::chrono::milliseconds> retry() const { return retry_; }

 private:
  void take_line();
  void take_field(std::string_view name, std::string_view value);
  void dispatch();

  Listener listener_;
  std::string line_;
  bool after_cr_{false};
  bool at_start_{true};
  bool broken_{false};
  std::string type_, data_, id_, first_id_, last_id_;
  bool has_data_{false};
  std::optional<std::chrono::milliseconds> retry_;
};

}  // namespace tcpctl::ctl
