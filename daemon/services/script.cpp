// SPDX-License-Identifier: Apache-2.0
// script - takes steps with each connection: a mock server in a few lines of configuration.
#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "services/registry.hpp"
#include "steps/runner.hpp"

namespace tcpctl {
namespace {

using config::Key;
using config::KeyType;

constexpr std::array kOwnKeys{
    Key{.path = "repeat",
        .type = KeyType::integer,
        .fallback = "1",
        .max = 1'000'000'000,
        .help = "How often the steps are taken, unless the peer's FIN comes between two rounds; 0 = until it "
                "does"},
    Key{.path = "max_bytes",
        .type = KeyType::size,
        .fallback = "16MiB",
        .min = 1,
        .help = "Most bytes received, and most bytes sent; beyond it the connection ends"},
    Key{.path = "max_time",
        .type = KeyType::duration,
        .fallback = "5m",
        .min = 1'000'000,
        .help = "How long all rounds may take; then the connection ends"},
};

std::span<const Key> keys() {
  static const auto all = [] {
    std::vector<Key> joined{kOwnKeys.begin(), kOwnKeys.end()};
    std::ranges::copy(step_keys(), std::back_inserter(joined));
    return joined;
  }();
  return all;
}

struct Settings {
  Steps steps;
  StepRun run;
  std::uint64_t max_bytes;
  Duration max_time;
};

// Not what the step says itself: steps may hold secrets, and the record is for whoever may read.
std::string_view expectation(StepKind kind) {
  switch (kind) {
    case StepKind::expect:
      return "expected a match";
    case StepKind::expect_bytes:
      return "expected its bytes";
    case StepKind::expect_eof:
      return "expected the peer's FIN";
    case StepKind::reject:
      return "expected anything else";
    case StepKind::send:
    case StepKind::send_bytes:
      return "expected the peer to read";
    default:
      return "expected to wait";
  }
}

/// "step 3: expected a match, got 'HELO'".
std::string failure_text(const StepsResult& result, const Settings& settings) {
  const auto& steps = *settings.steps;
  const auto number = result.failed_step.value_or(1);
  auto what = fmt::format("step {}: {}", number, expectation(steps.at(number - 1).kind));
  if (result.result == "L7TOUT")
    what += result.took < settings.max_time ? " within its timeout" : " within max_time";
  if (result.result == "L7EOF") what += ", got the peer's FIN";
  if (result.got.empty()) return what;
  return fmt::format("{}{} '{}'", what, result.result == "L7EOF" ? " after" : ", got", result.got);
}

/// Tells a StepRunner what happens to the connection, and does what it wants done.
class Script final : public Service {
 public:
  explicit Script(std::shared_ptr<const Settings> settings)
      : settings_{std::move(settings)}, runner_{settings_->steps, settings_->run} {}

  void on_open(Session& session) override {
    runner_.set_room(session.room());
    runner_.start(session.time(), session.time() + settings_->max_time);
    act(session);
  }

  std::size_t on_data(Session& session, ByteView bytes) override {
    runner_.set_room(session.room());
    const auto taken = runner_.on_data(bytes, session.time());
    received_ += taken;
    act(session);
    return taken;
  }

  void on_room(Session& session) override { go_on(session); }
  void on_wake(Session& session) override {
    wake_at_.reset();
    go_on(session);
  }

  void on_peer_fin(Session& session) override {
    runner_.set_room(session.room());
    runner_.on_eof(session.time());
    act(session);
  }

  [[nodiscard]] ServicePhase phase() const override { return ServicePhase::script; }

 private:
  void go_on(Session& session) {
    runner_.set_room(session.room());
    runner_.on_timeout(session.time());
    act(session);
  }

  void act(Session& session) {
    bool goes_on = pass_output(session);
    // Where the kernel took it all, there is room at once, and nobody would tell.
    while (goes_on && runner_.waits_for_room() && session.room() > 0) {
      runner_.set_room(session.room());
      runner_.on_timeout(session.time());
      goes_on = pass_output(session);
    }
    if (!goes_on) return;
    if (runner_.finished()) {
      end(session);
      return;
    }
    if (runner_.ends_sending()) session.finish_sending();
    if (const auto due = runner_.deadline(); due != wake_at_) {
      wake_at_ = due;
      session.wake_at(*due);
    }
  }

  /// Sends what the steps sent. Answers whether the connection goes on.
  bool pass_output(Session& session) {
    const std::string output = runner_.take_output();
    sent_ += output.size();
    if (received_ > settings_->max_bytes || sent_ > settings_->max_bytes) {
      session.finish(ServiceEnd::limit,
                     received_ > settings_->max_bytes ? "max_bytes received" : "max_bytes sent");
      return false;
    }
    if (!output.empty()) session.send(as_bytes(output));
    return true;
  }

  void end(Session& session) {
    const StepsResult& result = runner_.result();
    if (runner_.wants_reset()) {
      session.reset("the step reset");
    } else if (result.success) {
      session.finish(ServiceEnd::done, "the last step");
    } else {
      session.finish(result.result == "L7TOUT" ? ServiceEnd::limit : ServiceEnd::script_mismatch,
                     failure_text(result, *settings_));
    }
  }

  const std::shared_ptr<const Settings> settings_;
  StepRunner runner_;
  std::uint64_t received_{0}, sent_{0};
  std::optional<Instant> wake_at_;  // what the session was asked for
};

/// What is wrong with repeating `steps`.
std::optional<std::string> cannot_repeat(const std::vector<Step>& steps) {
  const auto has = [&](StepKind kind) { return std::ranges::find(steps, kind, &Step::kind) != steps.end(); };
  if (has(StepKind::close) || has(StepKind::reset) || has(StepKind::expect_eof))
    return "steps with 'close', 'reset' or 'expect_eof' end the connection; leave 'repeat' out";
  if (!has(StepKind::expect) && !has(StepKind::expect_bytes) && !has(StepKind::wait))
    return "steps that wait for nothing would only flood the peer; put in 'expect', 'expect_bytes' or 'wait'";
  return std::nullopt;
}

tl::expected<ServiceFactory, config::Mistakes> make(const config::OptionReader& options) {
  auto steps = parse_steps(options, StepsFor::script);
  if (!steps) return tl::make_unexpected(std::move(steps).error());
  const auto wrong = [&](std::string_view key, std::string what) {
    return tl::make_unexpected(config::Mistakes{options.mistake(key, std::move(what))});
  };
  if ((*steps)->empty()) return wrong("steps", "a script needs steps; write steps = [{ send = \"…\" }]");
  const auto rounds = static_cast<std::uint64_t>(options.integer("repeat"));
  if (auto what = rounds == 1 ? std::nullopt : cannot_repeat(**steps))
    return wrong("repeat", *std::move(what));
  const auto settings =
      std::make_shared<const Settings>(Settings{.steps = *std::move(steps),
                                                .run = {.rounds = rounds, .reports = false},
                                                .max_bytes = options.size("max_bytes").count(),
                                                .max_time = options.duration("max_time")});
  return [settings] { return std::make_unique<Script>(settings); };
}

}  // namespace

ServiceKind script_service() {
  return {.name = "script",
          .help = "Takes steps with each connection: a mock server",
          .keys = keys(),
          .make = make};
}

}  // namespace tcpctl
