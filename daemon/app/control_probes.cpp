// SPDX-License-Identifier: Apache-2.0
// The part of Control that waits for probes and acknowledgements.
#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "app/control.hpp"
#include "app/key_table.hpp"

namespace tcpctl {
namespace {

constexpr std::chrono::seconds kLongestRun{65};
constexpr std::chrono::seconds kBeyondTimeout{2};  // for the end of the connection, and for a busy loop

bool sends_something(const ClientPlan& module) {
  return std::ranges::any_of(*module.steps, [](const Step& step) {
    return step.kind == StepKind::send || step.kind == StepKind::send_bytes;
  });
}

/// What is sent may be a password, and a target whoever asks himself: so that is for who may read it.
Result<void> check_target(const ClientPlan& module, const ControlPlane::ProbeQuestion& question) {
  if (question.anywhere || module.config->probe_module || !sends_something(module)) return {};
  if (question.target.text() == module.config->connect.text()) return {};
  return fail(Errc::denied,
              fmt::format("module '{}' sends something, so that '{}' is for the role operate; use a token of "
                          "that role, the module's own target '{}', or set its probe_module = true",
                          question.module, question.target.text(), module.config->connect.text()));
}

}  // namespace

template <class Row, class Begin>
Result<Row> Control::wait_for_client(const std::string& client, Duration patience, Begin begin) {
  auto promise = std::make_shared<std::promise<Result<Row>>>();
  auto answer = promise->get_future();
  auto request = ask_.change();
  const auto started = ask_client(request, client, [promise, begin](Client& it) -> Result<void> {
    begin(it, [promise](Result<Row> row) { promise->set_value(std::move(row)); });
    return {};
  });
  if (!started) return tl::make_unexpected(started.error());
  return flat(ask_.wait(std::move(answer), "client '" + client + "'", patience));
}

Result<SentRow> Control::send(const std::string& client, std::string data, std::optional<Duration> wait_ack) {
  const auto begin = [data = std::move(data), wait_ack](Client& it, Client::Sent done) {
    it.send(data, wait_ack, std::move(done));
  };
  return wait_for_client<SentRow>(client, wait_ack.value_or(Duration{0}) + Asker::kPatience, begin);
}

Result<ProbeRow> Control::run(const std::string& client) {
  auto row = wait_for_client<ProbeRow>(client, kLongestRun,
                                       [](Client& it, Client::Done done) { it.run(std::move(done)); });
  if (!row && row.error().code == Errc::timed_out)
    return fail(Errc::timed_out,
                fmt::format("the probe takes longer than 65s; its result will be among the last "
                            "ones of client '{}'",
                            client));
  return row;
}

Result<Control::PreparedProbe> Control::prepare(const ProbeQuestion& question) const {
  const auto module = supervisor_.client_plan(question.module);
  if (!module) return fail(Errc::invalid_argument, fmt::format("Unknown module \"{}\"", question.module));
  if (module->config->mode != config::ClientMode::probe) {
    return fail(
        Errc::invalid_argument,
        fmt::format("client '{}' has mode keep; a module is a client with mode probe", question.module));
  }
  if (auto allowed = check_target(*module, question); !allowed)
    return tl::make_unexpected(std::move(allowed).error());
  PreparedProbe prepared{.probe = {.module = module,
                                   .target = question.target,
                                   .timeout = module->config->timeout,
                                   .allowed = std::nullopt},
                         .timeout = module->config->timeout,
                         .config = module->config->written.json(key_table(), "clients.*", question.redact)};
  if (question.timeout) {
    prepared.timeout = std::min(prepared.timeout, *question.timeout);
    prepared.probe.timeout = std::min(prepared.probe.timeout, *question.timeout - question.waited);
  }
  if (!question.anywhere) prepared.probe.allowed = supervisor_.config().api.probe_targets;
  return prepared;
}

Result<ControlPlane::ProbeAnswer> Control::probe(const ProbeQuestion& question) {
  auto prepared = flat(ask_.main([this, question] { return prepare(question); }));
  if (!prepared) return tl::make_unexpected(std::move(prepared).error());
  auto promise = std::make_shared<std::promise<Result<ProbeRow>>>();
  auto result = promise->get_future();
  crew_.post(next_worker_++ % crew_.size(), [promise = std::move(promise),
                                             probe = prepared->probe](Hub& hub) {
    hub.target_probes().run(probe, [promise](Result<ProbeRow> row) { promise->set_value(std::move(row)); });
  });
  auto row = flat(ask_.wait(std::move(result), "the probe", prepared->probe.timeout + kBeyondTimeout));
  if (!row) return tl::make_unexpected(std::move(row).error());
  return ProbeAnswer{*std::move(row), prepared->timeout, std::move(prepared->config)};
}

}  // namespace tcpctl
