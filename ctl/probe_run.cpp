// SPDX-License-Identifier: Apache-2.0
#include "ctl/probe_run.hpp"

#include <future>

#include <fmt/format.h>

#include "ctl/format.hpp"
#include "ctl/probe_sheet.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl {
namespace {

constexpr std::chrono::seconds kPatience{120};
constexpr std::chrono::milliseconds kPause{75};

std::string path_of(const std::string& name) { return "/v1/clients/" + percent_encoded(name); }

/// What is printed of a run while it lasts.
class Progress {
 public:
  explicit Progress(Context& context)
      : context_{context},
        redraws_{context.environment().terminal &&
                 context.environment().variable("TERM").value_or("dumb") != "dumb"} {}

  /// The member `running` of a client; null while nothing runs.
  void show(const Json& running) {
    if (!running.is_object()) return;
    const auto began = running.text("at").value_or("");
    if (began_.empty()) began_ = began;
    if (began != began_) return;
    erase();
    print_steps(running);
    draw(running);
  }

  /// The steps that were not seen on their way.
  void end(const Json& result) {
    erase();
    if (result.text("at") != began_) printed_ = 0;  // what was seen was another run
    print_steps(result);
  }

  void erase() {
    if (std::exchange(drawn_, false)) context_.print("\r\x1b[K");
  }

 private:
  void print_steps(const Json& run) {
    const auto steps = run.items("steps");
    for (; printed_ < steps.size(); ++printed_)
      context_.print(step_line(steps[printed_], context_.view()) + "\n");
  }

  void draw(const Json& running) {
    if (!redraws_) return;
    const auto line =
        fmt::format("{}  {}", under_way(running), span_text(running.number("duration_ms").value_or(0)));
    context_.print(shorten(safe(line), context_.view().width.value_or(80) - 1));
    drawn_ = true;
  }

  static std::string under_way(const Json& running) {
    const auto step = running.at("step");
    if (step.is_object())
      return fmt::format("step {}  {} ...", step.at("n").raw(), step.text("kind").value_or("-"));
    const auto phase = running.text("phase").value_or("");
    const auto address = running.text("address").value_or("");
    if (phase == "resolve") return "looking the name up ...";
    if (phase == "connect") return fmt::format("connecting to {} ...", address.empty() ? "it" : address);
    return phase == "close" ? "closing ..." : "running ...";
  }

  Context& context_;
  const bool redraws_;
  std::string began_;
  std::size_t printed_{0};
  bool drawn_{false};
};

Answer<Json> run_with_progress(Context& context, const std::string& name, const Call& call) {
  if (!context.for_people()) return context.ask(call);
  Progress progress{context};
  auto answer = std::async(std::launch::async, [&] { return context.ask(call); });
  while (answer.wait_for(kPause) != std::future_status::ready) {
    const auto client = context.get(path_of(name));
    if (client) progress.show(client->at("running"));
  }
  auto result = answer.get();
  progress.erase();
  if (result) progress.end(*result);
  return result;
}

}  // namespace

Exit run_probe(Context& context, const std::string& name) {
  Call call;
  call.method = "POST";
  call.path = path_of(name) + "/run";
  call.patience = kPatience;
  const auto probe = run_with_progress(context, name, call);
  if (!probe) return context.fail(probe.error());
  if (context.for_people()) {
    Sheet sheet{context.view()};
    add_probe_facts(sheet, "Probe " + name, *probe, context.view());
    context.print(sheet.text());
  } else {
    (void)context.object(*probe, {{.title = "SUCCESS", .field = "success"},
                                  {.title = "RESULT", .field = "result"},
                                  {.title = "STEP", .field = "failed_step"},
                                  {.title = "MS", .field = "duration_ms"},
                                  {.title = "AT", .field = "at"}});
  }
  return probe->truth("success").value_or(false) ? Exit::done : Exit::failed;
}

}  // namespace tcpctl::ctl
