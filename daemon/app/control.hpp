// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "api/control.hpp"
#include "app/asker.hpp"
#include "app/closed_look.hpp"
#include "app/supervisor.hpp"
#include "connections/page_search.hpp"
#include "connections/tally.hpp"
#include "tcp/info.hpp"

namespace tcpctl {

/// Answers the API by asking the supervisor on the main thread and the hubs on theirs.
/// Threads: as ControlPlane says.
class Control final : public ControlPlane {
 public:
  Control(Loop& main, CrewThreads& crew, Supervisor& supervisor, Asker::Patience patience = Asker::kPatience)
      : main_{main}, ask_{main, crew, patience}, crew_{crew}, supervisor_{supervisor} {}

  Result<StatusRow> status() override;
  Result<MetricsRow> metrics() override;
  Result<std::vector<ListenerRow>> listeners() override;
  Result<ListenerRow> listener(const std::string& name, bool redact) override;
  Result<std::vector<UpstreamRow>> upstreams(const std::string& listener) override;
  Result<std::vector<ClientRow>> clients() override;
  Result<ClientRow> client(const std::string& name, bool redact) override;
  Result<std::vector<ProbeRow>> probes(const std::string& client) override;
  Result<ReceivedRow> received(const std::string& client, std::uint64_t from) override;
  Result<TakenRow> take_received(const std::string& client, std::uint64_t upto) override;
  Result<ConnectionPage> connections(const ConnectionQuery& query) override;
  Result<ConnectionRow> connection(ConnectionId id) override;
  Result<ConnectionPage> history(const ConnectionQuery& query) override;
  Result<EventSpan> events(std::uint64_t since) override;
  void watch_events(EventWatcher watcher) override;
  void note_event_streams(std::uint64_t open, std::uint64_t cut) override;
  void note_change(Change change) override;
  Result<std::vector<ServiceRow>> services() override;
  Result<std::string> config(bool redact, TextForm form) override;
  Result<ConfigDiffRow> config_diff(bool redact) override;
  std::string config_schemas() const override;

  Result<void> pause_listener(const std::string& name) override;
  Result<void> resume_listener(const std::string& name) override;
  Result<void> drain_listener(const std::string& name, std::optional<Duration> time) override;
  Result<UpstreamRow> change_upstream(const std::string& listener, const std::string& upstream,
                                      const UpstreamChange& wanted) override;
  Result<void> pause_client(const std::string& name) override;
  Result<void> resume_client(const std::string& name) override;
  Result<void> reconnect_client(const std::string& name) override;
  Result<SentRow> send(const std::string& client, std::string data,
                       std::optional<Duration> wait_ack) override;
  Result<ProbeRow> run(const std::string& client) override;
  Result<ProbeAnswer> probe(const ProbeQuestion& question) override;
  Result<void> kill(ConnectionId id, Kill how) override;
  Result<std::uint64_t> kill_matching(const ConnectionQuery& query, Kill how) override;
  Result<ReloadRow> reload(bool files_win) override;
  Result<SaveRow> save(bool dry_run) override;
  Result<ChangeAnswer> change(const ObjectChange& wanted) override;
  Result<std::vector<Problem>> check_config(const std::string& json) override;
  Result<void> set_log_level(log::Level level) override;
  void cancel_waits() override { ask_.cancel(); }

 private:
  /// What one worker tells of itself.
  struct WorkerPart {
    std::uint64_t shortages{0}, history_entries{0}, history_bytes{0}, history_dropped{0};
    std::uint64_t final_info_overruns{0}, final_info_missed{0};
    std::string no_final_info;  // why there is none; empty if there is
    std::uint64_t clients_up{0};
    std::map<std::string, ClientRow> clients;                   // where asked for
    std::map<std::string, std::vector<UpstreamRow>> upstreams;  // by listener, where asked for
  };
  static WorkerPart part_of(Hub& hub);

  template <class Change>
  Result<void> change_listener(const std::string& name, Change what);
  struct PreparedProbe {
    TargetProbe probe;
    Duration timeout;  // that it would have, had it not waited
    std::string config;
  };
  Result<PreparedProbe> prepare(const ProbeQuestion& question) const;
  Result<void> change_client(const std::string& name, Result<void> (*what)(Client&));
  /// What `begin(client, done)` says to `done`, in its own time.
  template <class Row, class Begin>
  Result<Row> wait_for_client(const std::string& client, Duration patience, Begin begin);
  template <class Question>
  auto ask_client(Asker::Request& request, const std::string& name, Question question)
      -> std::invoke_result_t<Question, Client&>;
  template <class Question>
  auto ask_client(const std::string& name, Question question) -> std::invoke_result_t<Question, Client&> {
    auto request = ask_.request();
    return ask_client(request, name, std::move(question));
  }
  [[nodiscard]] StatusRow status_of(const std::vector<WorkerPart>& parts) const;
  /// What the kernel tells of the whole host, or why it does not.
  static void add_host(StatusRow& row);
  /// What the kernel lets the daemon see of its sockets, or why it does not. May wait for the kernel.
  void add_kernel(StatusRow& row);
  [[nodiscard]] std::vector<ClientRow> clients_of(std::vector<WorkerPart> parts) const;
  /// In slices, between which the loop turns.
  static Result<StateTally> count_states(Asker::Request& request, std::size_t worker);
  Result<std::map<std::string, std::uint64_t, std::less<>>> connections_by_state(Asker::Request& request);
  template <class Question>
  auto ask_director(Asker::Request request, const std::string& listener, Question question)
      -> std::invoke_result_t<Question, Director*>;
  Result<ConnectionPage> list(const ListTermsPtr& terms);
  /// Puts the questions of a list to the workers.
  static auto asking(Asker::Request request) {
    return [request](const std::vector<std::size_t>& workers, const auto& question_of) {
      return request.each(workers, [&](std::size_t worker) {
        return [question = question_of(worker)](Hub& hub) { return question(hub.worker()); };
      });
    };
  }

  Loop& main_;
  Asker ask_;
  CrewThreads& crew_;
  ClosedLook closed_look_;
  Supervisor& supervisor_;                   // touched on the main thread only
  std::atomic<std::size_t> next_worker_{0};  // for the next probe of a target
  std::atomic<bool> saving_{false}, comparing_{false};
  // Tried once: later there might be no descriptor to try it with.
  const Result<void> cookies_{tcp::check_cookies()}, saved_syns_{tcp::check_saved_syns()};
  Counter event_streams_, event_streams_cut_;  // written by the API's front
};

template <class Question>
auto Control::ask_client(Asker::Request& request, const std::string& name, Question question)
    -> std::invoke_result_t<Question, Client&> {
  const auto worker = flat(request.main([this, name]() -> Result<std::size_t> {
    if (!supervisor_.has_client(name)) return fail(Errc::not_found, "no client '" + name + "'");
    return supervisor_.worker_of_client(name);
  }));
  if (!worker) return tl::make_unexpected(worker.error());
  using Answer = std::invoke_result_t<Question, Client&>;
  return flat(request.worker(*worker, [name, question = std::move(question)](Hub& hub) -> Answer {
    hub.worker().tick();
    Client* const client = hub.client(name);
    if (client == nullptr) return fail(Errc::not_found, "no client '" + name + "'");
    return question(*client);
  }));
}

/// Asks the director of `listener`, null where that does not forward, on its loop.
template <class Question>
auto Control::ask_director(Asker::Request request, const std::string& listener, Question question)
    -> std::invoke_result_t<Question, Director*> {
  const auto worker = flat(request.main([this, listener]() -> Result<std::size_t> {
    const ListenerEntry* const entry = supervisor_.listener(listener);
    if (entry == nullptr) return fail(Errc::not_found, "no listener '" + listener + "'");
    return entry->worker();
  }));
  if (!worker) return tl::make_unexpected(worker.error());
  return flat(request.worker(*worker, [listener, question = std::move(question)](Hub& hub) {
    hub.worker().tick();
    return question(hub.director(listener));
  }));
}

}  // namespace tcpctl
