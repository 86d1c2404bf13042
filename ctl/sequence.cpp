// SPDX-License-Identifier: Apache-2.0
#include "ctl/sequence.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "ctl/format.hpp"

namespace tcpctl::ctl {
namespace {

/// One connection on its way through its time line: what RFC 9293 makes of each event at our side.
class Leg {
 public:
  Leg(const Json& connection, std::size_t ours, std::size_t theirs)
      : connection_{connection},
        ours_{ours},
        theirs_{theirs},
        inbound_{connection.text("direction") != "outbound"} {}

  [[nodiscard]] std::vector<SequenceStep> steps() {
    for (const auto& entry : connection_.items("timeline")) take(entry);
    return std::move(steps_);
  }

 private:
  void take(const Json& entry) {
    at_ = parse_time(entry.text("at").value_or(""));
    seen_ = entry.text("basis") == "seen";
    const auto event = entry.text("event").value_or("");
    if (event.starts_with("syn_") || event == "established" || event == "accepted") {
      opening(event);
    } else if (event.starts_with("first_byte_")) {
      data(event == "first_byte_in");
    } else {
      ending(event);
    }
  }

  void opening(std::string_view event) {
    if (event == "syn_sent") {
      sent("SYN", "SYN_SENT");
    } else if (event == "syn_received") {
      received("SYN", "SYN_RCVD");
      follows(ours_, theirs_, "SYN+ACK");
    } else if (event == "accepted") {
      steps_.push_back({at_, seen_, {}, "accepted"});
    } else if (inbound_) {
      received("ACK", "ESTABLISHED");
    } else {
      received("SYN+ACK", "ESTABLISHED");
      follows(ours_, theirs_, "ACK");
    }
  }

  void data(bool in) {
    const auto bytes = connection_.number(in ? "bytes_in" : "bytes_out");
    const std::string text = bytes ? "data, " + bytes_text(*bytes) : "data";
    in ? received(text, {}) : sent(text, {});
  }

  void ending(std::string_view event) {
    if (event == "fin_sent") {
      fin_sent_ = true;
      fin_first_ = !fin_received_;
      sent("FIN", fin_received_ ? "LAST_ACK" : "FIN_WAIT_1");
    } else if (event == "fin_received") {
      fin_received_ = true;
      if (fin_first_ && !fin_acked_ && unseen("fin_acked")) {
        fin_acked_ = true;
        steps_.push_back({std::nullopt, false, Arrow{theirs_, ours_, "ACK"}, "FIN_WAIT_2"});
      }
      received("FIN", fin_acked_ ? "TIME_WAIT" : fin_sent_ ? "CLOSING" : "CLOSE_WAIT");
      follows(ours_, theirs_, "ACK");
    } else if (event == "fin_acked") {
      if (std::exchange(fin_acked_, true)) return;
      received("ACK", !fin_received_ ? "FIN_WAIT_2" : fin_first_ ? "TIME_WAIT" : "CLOSED");
    } else if (event == "rst_sent") {
      sent("RST", "CLOSED");
    } else if (event == "rst_received") {
      received("RST", "CLOSED");
    } else if (event == "time_wait") {
      if (!fin_acked_ || !fin_received_) steps_.push_back({at_, seen_, {}, "TIME_WAIT"});
    } else if (event == "closed") {
      steps_.push_back({at_, seen_, {}, "closed"});
    }
  }

  /// The event came, but nobody saw it: both FINs passed before the kernel could be asked.
  [[nodiscard]] bool unseen(std::string_view event) const {
    const auto entries = connection_.items("timeline");
    return std::ranges::any_of(entries, [&](const Json& entry) {
      return entry.text("event") == event && entry.text("basis") != "seen";
    });
  }
  void sent(std::string text, std::string state) {
    steps_.push_back({at_, seen_, Arrow{ours_, theirs_, std::move(text)}, std::move(state)});
  }
  void received(std::string text, std::string state) {
    steps_.push_back({at_, seen_, Arrow{theirs_, ours_, std::move(text)}, std::move(state)});
  }
  /// What the protocol answers, and the kernel with it: it has no entry of its own.
  void follows(std::size_t from, std::size_t to, std::string text) {
    steps_.push_back({std::nullopt, false, Arrow{from, to, std::move(text)}});
  }

  const Json& connection_;
  const std::size_t ours_, theirs_;
  const bool inbound_;
  bool fin_sent_{false}, fin_received_{false}, fin_acked_{false}, fin_first_{false};
  std::optional<WallTime> at_;
  bool seen_{false};
  std::vector<SequenceStep> steps_;
};

/// Where a step without a time stands among those of another leg: with the one before it, or where there is
/// none with the first that has one.
std::vector<WallTime> places(const std::vector<SequenceStep>& steps) {
  const auto first = std::ranges::find_if(steps, [](const auto& step) { return step.at.has_value(); });
  WallTime place = first == steps.end() ? WallTime{} : *first->at;
  std::vector<WallTime> places;
  for (const auto& step : steps) {
    place = std::max(place, step.at.value_or(place));
    places.push_back(place);
  }
  return places;
}

/// At the same moment what comes in was first: it is why the other went out.
bool comes_first(const SequenceStep& step, const SequenceStep& other) {
  constexpr std::size_t kOurs = 1;
  const auto is_to_us = [](const SequenceStep& one) { return one.arrow && one.arrow->to == kOurs; };
  return is_to_us(step) || !is_to_us(other);
}

std::vector<SequenceStep> merged(std::vector<SequenceStep> left, std::vector<SequenceStep> right) {
  const auto left_places = places(left);
  const auto right_places = places(right);
  std::vector<SequenceStep> all;
  std::size_t i = 0;
  std::size_t k = 0;
  while (i < left.size() || k < right.size()) {
    bool from_left = k == right.size();
    if (i < left.size() && k < right.size()) {
      from_left = left_places[i] < right_places[k] ||
                  (left_places[i] == right_places[k] && comes_first(left[i], right[k]));
    }
    all.push_back(std::move(from_left ? left[i++] : right[k++]));
  }
  return all;
}

void name_state(std::vector<SequenceStep>& steps, std::string_view leg) {
  for (auto& step : steps) {
    if (!step.state.empty()) step.state = std::string{leg} + ": " + step.state;
  }
}

}  // namespace

Sequence sequence_of(const Json& connection, const std::optional<Json>& peer) {
  const bool inbound = connection.text("direction") != "outbound";
  const std::string target = connection.text("client") ? "server" : "upstream";
  if (!peer) {
    return inbound ? Sequence{{"client", "tcpctl"}, Leg{connection, 1, 0}.steps()}
                   : Sequence{{"tcpctl", target}, Leg{connection, 0, 1}.steps()};
  }
  auto client = Leg{inbound ? connection : *peer, 1, 0}.steps();
  auto upstream = Leg{inbound ? *peer : connection, 1, 2}.steps();
  name_state(client, "client");
  name_state(upstream, target);
  return {{"client", "tcpctl", target}, merged(std::move(client), std::move(upstream))};
}

}  // namespace tcpctl::ctl
