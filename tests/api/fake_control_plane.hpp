// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <future>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "api/control.hpp"
#include "api/samples.hpp"
#include "stats/event_book.hpp"

namespace tcpctl::test {

/// Answers samples, remembers what it was asked to do, fails where `failure` is set, and waits where `wait`
/// tells it to. Threads: any; set it up before it is asked.
class FakeControlPlane : public ControlPlane {
 public:
  StatusRow status_row{sample_status()};
  std::vector<ListenerRow> listener_rows{sample_listener()};
  UpstreamChange upstream_change{};  // the last
  std::vector<ClientRow> client_rows{sample_client()};
  std::vector<Problem> config_problems;
  ReloadRow reload_row;
  ConnectionPage connection_page{{sample_connection()}, 1, ""};
  std::optional<Error> failure;
  EventBook event_book{1000};

  /// Makes `status` wait until `release` or `cancel_waits`.
  void block_status() { blocking_ = true; }
  void release() {
    if (!released_.exchange(true)) gate_.set_value();
  }
  void cancel_waits() override { release(); }

  [[nodiscard]] std::vector<std::string> calls() {
    const std::lock_guard lock{mutex_};
    return calls_;
  }
  [[nodiscard]] ConnectionQuery last_query() {
    const std::lock_guard lock{mutex_};
    return query_;
  }

  Result<StatusRow> status() override {
    if (blocking_) gate_future_.wait();
    return give(status_row);
  }
  Result<MetricsRow> metrics() override {
    return give(MetricsRow{status_row, listener_rows, {{"web", {sample_upstream()}}}, client_rows});
  }
  Result<std::vector<ListenerRow>> listeners() override { return give(listener_rows); }
  Result<ListenerRow> listener(const std::string& name, bool /*redact*/) override {
    return named(listener_rows, "listener", name);
  }
  Result<std::vector<UpstreamRow>> upstreams(const std::string& listener_name) override {
    return listener(listener_name, true).map([](const auto&) { return std::vector{sample_upstream()}; });
  }
  Result<UpstreamRow> change_upstream(const std::string& listener_name, const std::string& upstream,
                                      const UpstreamChange& change) override {
    if (const auto found = listener(listener_name, true); !found) return tl::make_unexpected(found.error());
    if (upstream != "u1") return fail(Errc::not_found, "no upstream '" + upstream + "'");
    upstream_change = change;
    UpstreamRow row = sample_upstream();
    if (change.admin_state && *change.admin_state) row.admin_state = text(**change.admin_state);
    return row;
  }
  Result<std::vector<ClientRow>> clients() override { return give(client_rows); }
  Result<ClientRow> client(const std::string& name, bool /*redact*/) override {
    return named(client_rows, "client", name);
  }
  Result<std::vector<ProbeRow>> probes(const std::string& name) override {
    return client(name, true).map([](const auto&) { return std::vector{sample_probe()}; });
  }
  Result<ReceivedRow> received(const std::string& name, std::uint64_t from) override {
    return client(name, true).map([&](const auto&) { return ReceivedRow{from, from + 3, 0, 0, "a\xff\n"}; });
  }
  Result<TakenRow> take_received(const std::string& name, std::uint64_t upto) override {
    return change("take " + name + " " + std::to_string(upto)).map([&] { return TakenRow{upto, 3}; });
  }
  Result<ConnectionPage> connections(const ConnectionQuery& query) override {
    remember("connections", query);
    return give(connection_page);
  }
  Result<ConnectionRow> connection(ConnectionId id) override {
    if (id == sample_connection().id) return give(sample_connection());
    if (id == make_id(1, 9)) return give(sample_closed_connection());
    return fail(Errc::not_found, "no connection " + id_text(id));
  }
  Result<ConnectionPage> history(const ConnectionQuery& query) override {
    remember("history", query);
    return give(ConnectionPage{{sample_closed_connection()}, 1, "2-9"});
  }
  Result<EventSpan> events(std::uint64_t since) override {
    const std::lock_guard lock{mutex_};
    if (!event_book.is_on()) return fail(Errc::conflict, "events are off");
    return give(event_book.after(since));
  }
  void watch_events(EventWatcher watcher) override {
    const std::lock_guard lock{mutex_};
    watcher_ = std::move(watcher);
    if (watcher_) watcher_(event_book.after(0));
  }
  void keep_no_events() {
    const std::lock_guard lock{mutex_};
    event_book.set_limit(0);
  }
  /// As if it happened now, once somebody streams.
  void happen(EventBatch batch) {
    const std::lock_guard lock{mutex_};
    const auto before = event_book.newest();
    event_book.add(std::move(batch));
    if (watcher_) watcher_(event_book.after(before));
  }
  void note_event_streams(std::uint64_t open, std::uint64_t cut) override {
    streams_open = open;
    streams_cut = cut;
  }
  void note_change(Change change) override {
    const std::lock_guard lock{mutex_};
    changes_.push_back(std::move(change));
  }
  [[nodiscard]] std::vector<Change> changes() {
    const std::lock_guard lock{mutex_};
    return changes_;
  }
  std::atomic<std::uint64_t> streams_open{0}, streams_cut{0};
  Result<std::vector<ServiceRow>> services() override {
    return give(
        std::vector<ServiceRow>{{"discard", "throws away", {{"close_after", "size", "", "ends then"}}}});
  }
  Result<std::string> config(bool redact, TextForm form) override {
    if (form == TextForm::toml) return give(std::string{redact ? "redacted = true\n" : "redacted = false\n"});
    return give(std::string{redact ? R"({"redacted":true})" : R"({"redacted":false})"});
  }
  Result<ConfigDiffRow> config_diff(bool redact) override {
    return change(redact ? "diff, redacted" : "diff").map([&] { return diff_row; });
  }
  ConfigDiffRow diff_row;
  Result<SaveRow> save(bool dry_run) override {
    return change(dry_run ? "save, dry" : "save").map([&] { return save_row; });
  }
  SaveRow save_row;

  std::string config_schemas() const override {
    return R"({"Config":{"type":"object"},"ListenerConfig":{"type":"object"},"ClientConfig":{"type":"object"},"ListenerPatch":{"type":"object"},"ClientPatch":{"type":"object"}})";
  }

  Result<void> pause_listener(const std::string& name) override { return change("pause listener " + name); }
  Result<void> resume_listener(const std::string& name) override { return change("resume listener " + name); }
  Result<void> drain_listener(const std::string& name, std::optional<Duration> time) override {
    return change("drain listener " + name + (time ? " " + duration_text(*time) : ""));
  }
  Result<void> pause_client(const std::string& name) override { return change("pause client " + name); }
  Result<void> resume_client(const std::string& name) override { return change("resume client " + name); }
  Result<void> reconnect_client(const std::string& name) override {
    return change("reconnect client " + name);
  }
  Result<SentRow> send(const std::string& name, std::string data, std::optional<Duration> wait_ack) override {
    return change("send " + name + " " + data).map([&] {
      return SentRow{data.size(), 2, wait_ack ? std::optional{true} : std::nullopt, wait_ack, ""};
    });
  }
  Result<ProbeRow> run(const std::string& name) override {
    return change("run " + name).map([] { return sample_probe(); });
  }
  Result<ProbeAnswer> probe(const ProbeQuestion& question) override {
    const std::lock_guard lock{mutex_};
    probe_question = question;
    return probe_answer;
  }
  ProbeQuestion probe_question{};
  Result<ProbeAnswer> probe_answer{
      ProbeAnswer{sample_probe(), std::chrono::seconds{5}, R"({"mode":"probe"})"}};
  Result<void> kill(ConnectionId id, Kill how) override {
    return change((how == Kill::reset ? "reset " : "end ") + id_text(id));
  }
  Result<std::uint64_t> kill_matching(const ConnectionQuery& query, Kill how) override {
    remember(how == Kill::reset ? "reset matching" : "end matching", query);
    return give(std::uint64_t{5});
  }
  Result<ReloadRow> reload(bool files_win) override {
    return change(files_win ? "reload, files win" : "reload").map([&] { return reload_row; });
  }
  Result<ChangeAnswer> change(const ObjectChange& wish) override {
    const std::lock_guard lock{mutex_};
    object_change = wish;
    return change_answer;
  }
  ObjectChange object_change{.object = {ObjectKind::listener, ""}};
  Result<ChangeAnswer> change_answer{ChangeAnswer{}};
  Result<std::vector<Problem>> check_config(const std::string& json) override {
    return change("check " + json).map([&] { return config_problems; });
  }
  Result<void> set_log_level(log::Level level) override {
    return change("log level " + std::string{log::level_name(level)});
  }

 private:
  template <class T>
  Result<T> give(T value) {
    if (failure) return tl::make_unexpected(*failure);
    return value;
  }
  template <class Row>
  Result<Row> named(const std::vector<Row>& rows, const std::string& kind, const std::string& name) {
    for (const auto& row : rows) {
      if (row.name == name) return give(row);
    }
    return fail(Errc::not_found, "no " + kind + " '" + name + "'");
  }
  Result<void> change(const std::string& call) {
    if (failure) return tl::make_unexpected(*failure);
    const std::lock_guard lock{mutex_};
    calls_.push_back(call);
    return {};
  }
  void remember(const std::string& call, const ConnectionQuery& query) {
    const std::lock_guard lock{mutex_};
    calls_.push_back(call);
    query_ = query;
  }

  bool blocking_{false};
  std::atomic<bool> released_{false};
  std::promise<void> gate_;
  std::shared_future<void> gate_future_{gate_.get_future().share()};
  std::mutex mutex_;
  std::vector<std::string> calls_;
  std::vector<Change> changes_;
  ConnectionQuery query_;
  EventWatcher watcher_;
};

}  // namespace tcpctl::test
