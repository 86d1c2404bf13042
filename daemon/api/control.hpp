// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "stats/admin_state.hpp"
#include "stats/events.hpp"
#include "stats/objects.hpp"
#include "stats/snapshot.hpp"

namespace tcpctl {

/// The one door through which the API asks and steers the daemon; the supervisor implements it.
///
/// Every call posts to the loops that own the objects and waits for them, with a deadline: Errc::timed_out
/// past it. A change that is answered so was not made, and will not be. Errors: not_found (no such name or
/// id), conflict (it cannot be done in this state), limit_reached, timed_out. Threads: any of the API's;
/// never a loop.
class ControlPlane {
 public:
  ControlPlane() = default;
  ControlPlane(const ControlPlane&) = delete;
  ControlPlane& operator=(const ControlPlane&) = delete;
  virtual ~ControlPlane() = default;

  [[nodiscard]] virtual Result<StatusRow> status() = 0;
  [[nodiscard]] virtual Result<MetricsRow> metrics() = 0;
  [[nodiscard]] virtual Result<std::vector<ListenerRow>> listeners() = 0;
  /// `redact`: without secrets in `config`.
  [[nodiscard]] virtual Result<ListenerRow> listener(const std::string& name, bool redact) = 0;
  [[nodiscard]] virtual Result<std::vector<UpstreamRow>> upstreams(const std::string& listener) = 0;
  [[nodiscard]] virtual Result<std::vector<ClientRow>> clients() = 0;
  [[nodiscard]] virtual Result<ClientRow> client(const std::string& name, bool redact) = 0;
  [[nodiscard]] virtual Result<std::vector<ProbeRow>> probes(const std::string& client) = 0;  // newest first
  [[nodiscard]] virtual Result<ReceivedRow> received(const std::string& client, std::uint64_t from) = 0;
  /// Whoever asks has all bytes before the offset `upto`. conflict: not so many were received.
  [[nodiscard]] virtual Result<TakenRow> take_received(const std::string& client, std::uint64_t upto) = 0;
  [[nodiscard]] virtual Result<ConnectionPage> connections(const ConnectionQuery& query) = 0;
  [[nodiscard]] virtual Result<ConnectionRow> connection(ConnectionId id) = 0;  // open or in the history
  [[nodiscard]] virtual Result<ConnectionPage> history(const ConnectionQuery& query) = 0;
  /// What happened after the event `since`. conflict: none are kept.
  [[nodiscard]] virtual Result<EventSpan> events(std::uint64_t since) = 0;
  /// `watcher` gets all events that are kept, and from then on those that are new, on the main thread; it
  /// must not wait. There is one at most; a null one ends it. Does not wait. Threads: the front's loop.
  using EventWatcher = std::function<void(const EventSpan&)>;
  virtual void watch_events(EventWatcher watcher) = 0;
  /// How many streams of events the API has open, and has cut. Threads: the front's loop.
  virtual void note_event_streams(std::uint64_t open, std::uint64_t cut) = 0;
  /// Tells of a change among the events. Does not wait.
  virtual void note_change(Change change) = 0;
  [[nodiscard]] virtual Result<std::vector<ServiceRow>> services() = 0;
  enum class TextForm : std::uint8_t { json, toml };
  [[nodiscard]] virtual Result<std::string> config(bool redact, TextForm form) = 0;
  /// Reads the files, once at a time. Errors: unavailable, where it is just done for another.
  [[nodiscard]] virtual Result<ConfigDiffRow> config_diff(bool redact) = 0;
  /// JSON text: Config, ListenerConfig and ClientConfig as JSON Schema. The same at any time.
  [[nodiscard]] virtual std::string config_schemas() const = 0;

  [[nodiscard]] virtual Result<void> pause_listener(const std::string& name) = 0;
  [[nodiscard]] virtual Result<void> resume_listener(const std::string& name) = 0;
  /// For `time`; without it as long as the daemon does when it stops.
  [[nodiscard]] virtual Result<void> drain_listener(const std::string& name,
                                                    std::optional<Duration> time) = 0;
  [[nodiscard]] virtual Result<void> pause_client(const std::string& name) = 0;
  [[nodiscard]] virtual Result<void> resume_client(const std::string& name) = 0;
  [[nodiscard]] virtual Result<void> reconnect_client(const std::string& name) = 0;
  /// Answers what became of the bytes: at once, or when the peer's TCP has acknowledged them, after
  /// `wait_ack` at the latest. conflict: no connection of it is up.
  [[nodiscard]] virtual Result<SentRow> send(const std::string& client, std::string data,
                                             std::optional<Duration> wait_ack) = 0;
  [[nodiscard]] virtual Result<ProbeRow> run(const std::string& client) = 0;
  /// Runs the probe `module` against another target than its own.
  struct ProbeQuestion {
    std::string module;
    ConnectAddress target;            // literal or host
    std::optional<Duration> timeout;  // where it is shorter than the module's
    Duration waited{};                // how much of `timeout` is over already
    // Else within api.probe_targets alone; and what sends something only to its own target, or as a module
    // with `probe_module`.
    bool anywhere;
    bool redact;  // the secrets in `config`
  };
  struct ProbeAnswer {
    ProbeRow row;
    Duration timeout;
    std::string config;  // JSON text of the module
  };
  /// Errors: invalid_argument (no such module), denied (the target is outside of api.probe_targets, or not
  /// for this module).
  [[nodiscard]] virtual Result<ProbeAnswer> probe(const ProbeQuestion& question) = 0;
  enum class Kill : std::uint8_t { graceful, reset };
  [[nodiscard]] virtual Result<void> kill(ConnectionId id, Kill how) = 0;
  [[nodiscard]] virtual Result<std::uint64_t> kill_matching(const ConnectionQuery& query, Kill how) = 0;
  /// One mistake of a body: `pointer` and `detail` of RFC 9457 errors.
  struct Problem {
    std::string pointer, detail;
  };
  /// A mistake of the files is no Error: the row has `ok` false and the mistakes. `files_win` where they say
  /// something else of an object than was said of it at run time.
  [[nodiscard]] virtual Result<ReloadRow> reload(bool files_win) = 0;
  /// A wish to create, change or remove one listener or client. All of it is done, or nothing.
  struct ObjectChange {
    enum class Verb : std::uint8_t { put, patch, remove };
    ObjectName object;
    Verb verb{Verb::put};
    std::string body{};               // put: its configuration as JSON; patch: RFC 7396 on that
    std::vector<std::string> tags{};  // if not empty, it must have one of these; "*" = any
    bool must_be_new{false};
    std::optional<Duration> drain{};  // remove, of a listener: its connections end within this time
    bool dry_run{false};              // only tell what would be done
  };
  struct ChangeAnswer {
    ChangeRow row;
    std::vector<Problem> mistakes{};  // of the body; then nothing was done
  };
  /// Errors: not_found, outdated (`tags`, `must_be_new`), conflict (an address cannot be bound), unavailable
  /// (the daemon stops).
  [[nodiscard]] virtual Result<ChangeAnswer> change(const ObjectChange& change) = 0;
  /// Writes what was changed at run time into the state folder. A mistake of the files is no Error: the row
  /// has the mistakes. Errors: conflict (another save is under way; there is no state folder; the file there
  /// belongs to another user, or would be larger than is read), io.
  [[nodiscard]] virtual Result<SaveRow> save(bool dry_run) = 0;
  /// One entry a mistake of the configuration `json`; none if it is right.
  [[nodiscard]] virtual Result<std::vector<Problem>> check_config(const std::string& json) = 0;
  [[nodiscard]] virtual Result<void> set_log_level(log::Level level) = 0;
  /// Errors: not_found for either name; limit_reached.
  [[nodiscard]] virtual Result<UpstreamRow> change_upstream(const std::string& listener,
                                                            const std::string& upstream,
                                                            const UpstreamChange& change) = 0;

  /// From now on every call that waits, also one under way, answers Errc::unavailable soon: the API stops,
  /// and its threads cannot be left behind. Threads: the main thread.
  virtual void cancel_waits() {}
};

}  // namespace tcpctl
