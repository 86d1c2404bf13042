// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/address.hpp"
#include "base/clock.hpp"
#include "base/units.hpp"
#include "stats/comparison.hpp"
#include "stats/facts.hpp"
#include "stats/histogram.hpp"

/// What the daemon tells of itself: plain values, made by the loops and the supervisor, read by the API.
/// A member is named as its JSON field (contract, section 4) less the unit where the type says it.
namespace tcpctl {

enum class ConnectionId : std::uint64_t {
};  // worker index + 1 in the top 16 bits; never reused while the daemon runs
[[nodiscard]] std::string id_text(ConnectionId id);  // "2-1417"
[[nodiscard]] std::optional<ConnectionId> parse_id(std::string_view text);
[[nodiscard]] constexpr ConnectionId make_id(std::size_t worker, std::uint64_t sequence) {
  return ConnectionId{(static_cast<std::uint64_t>(worker + 1) << 48) | sequence};
}
[[nodiscard]] constexpr std::size_t worker_of(ConnectionId id) {
  return (static_cast<std::uint64_t>(id) >> 48) - 1;
}

struct TimelineRow {
  TimelineEvent event;
  bool seen;                   // else inferred
  std::optional<WallTime> at;  // none where the kernel does not tell
};

/// The kernel's TCP_INFO; what this kernel does not fill in is absent.
struct TcpRow {
  std::string_view taken;  // live | before_close | final
  std::uint32_t rtt_us, rtt_var_us;
  std::optional<std::uint32_t> min_rtt_us;
  std::uint32_t retransmits, lost, cwnd_segments, mss_bytes;
  std::optional<std::uint64_t> delivery_rate, segments_in, segments_out, unsent_bytes;
  std::optional<std::uint64_t> receive_window_limited_us, send_buffer_limited_us, busy_us;
  std::string congestion;
};

struct HandshakeRow {
  std::optional<std::uint32_t> client_isn;
  std::optional<std::uint16_t> mss;
  std::optional<std::uint8_t> window_scale;
  std::optional<bool> sack, timestamps;
  std::optional<std::uint8_t> ttl;
  std::optional<std::uint32_t> rtt_us;
};

struct CloseRow {
  WallTime at;
  First first;
  How how;
  Reason reason;
  Phase phase;
  std::string_view code;
  std::string detail;
  Duration duration;
};

struct ConnectionRow {
  ConnectionId id;
  Direction direction;
  std::string listener, client;  // "" = null
  std::string service;
  std::optional<ConnectionId> peer_id;
  Address local, remote;
  std::string proxied_source, proxied_destination;  // escaped; "" = null
  std::string proxied_id;                           // escaped; "" = null
  std::string upstream;                             // "" = null
  std::string_view state;
  WallTime opened_at;
  Duration age, idle;
  std::uint64_t bytes_in, bytes_out;
  std::vector<TimelineRow> timeline;
  std::optional<HandshakeRow> handshake;
  std::optional<TcpRow> tcp;
  std::optional<CloseRow> close;
};

/// What a list of connections or the history is asked for. Empty members do not filter.
struct ConnectionQuery {
  std::optional<std::string> listener, client, service;
  std::optional<std::string> state;  // spelt as in TcpState's text
  std::optional<Direction> direction;
  std::optional<Network> peer, local;
  std::vector<Comparison> where;  // all must hold
  std::optional<Duration> older_than;
  std::optional<std::uint64_t> min_bytes;
  // history alone
  std::optional<Reason> reason;
  std::optional<First> first;
  std::optional<How> how;
  std::optional<WallTime> since, until;

  enum class Sort : std::uint8_t {
    id,
    opened_at,
    age,
    idle,
    bytes_in,
    bytes_out,
    closed_at,
    state,
    rtt,
    retransmits
  };
  Sort sort{Sort::id};
  bool descending{false};
  std::size_t limit{100};
  std::string cursor;  // what the page before answered as `next`
  [[nodiscard]] bool has_filter() const;
};

struct ConnectionPage {
  std::vector<ConnectionRow> items;
  std::uint64_t total;  // rows that match
  std::string next;     // "" = the last page
};

/// Ends by first, how and reason: how many.
struct CloseCount {
  First first;
  How how;
  Reason reason;
  std::uint64_t count;
};

/// How the connections of a listener or client ended, how long they were open, and their round trip times.
struct EndsRow {
  std::vector<CloseCount> closes;
  HistogramValues duration, rtt;
};

struct BoundRow {
  std::string configured, bound;  // bound "" = null
  std::string state;              // listening | paused | failed | closed
  std::string error;              // "" = null
  std::optional<std::uint64_t> queue, queue_max;
};

/// Connections that are being ended without haste.
struct DrainRow {
  WallTime began_at, ends_at;
};

struct ListenerRow {
  std::string name, source, state, error, service;  // state: up | paused | draining | drained | failed
  std::vector<BoundRow> addresses;
  std::uint64_t active{0}, peak{0}, accepted{0};
  std::optional<std::uint64_t> limit;
  std::uint64_t queued{0};  // sessions that wait for an upstream with a free place
  std::array<std::uint64_t, kRefusals> refused{};
  std::uint64_t bytes_in{0}, bytes_out{0};
  EndsRow ends;
  std::optional<DrainRow> drain;
  std::string config;  // JSON text, exactly what PUT takes
  std::string tag;     // of `config`, and only where one listener is asked for
};

struct ProbeStepRow {
  std::uint32_t n;
  std::string kind;
  bool ok;
  Duration took;
};

struct ProbeRow {
  bool success{false};
  std::string result;  // L4OK L4CON L4TOUT L4UNR L6RSP L7OK L7TOUT L7RSP L7EOF
  std::optional<std::uint32_t> failed_step;
  std::string got;    // escaped
  std::string cause;  // why the step failed: mismatch eof reset overflow timeout; empty where none did
  Address address;    // connected to, or the last that was tried; empty where none was known
  WallTime at;
  Duration took{};  // until the result was known
  // Absent: it did not happen. `close`: from our FIN or RST on; absent, too, where its end was not waited
  // for.
  std::optional<Duration> resolve, connect, close;
  std::vector<ProbeStepRow> steps;
};

/// A probe that is running.
struct RunningProbeRow {
  ProbeRow so_far;         // without a result
  std::string_view phase;  // resolve | connect | steps | close
  std::uint32_t step{0};   // that it waits in; 0 = in none
  std::string_view step_kind;
};

/// What there is to say of a client with mode probe alone.
struct ProbingRow {
  std::optional<RunningProbeRow> running;
  std::optional<WallTime> since;                 // since when it is up or down
  std::uint64_t in_row{0};                       // the last probes that ended alike, good or bad
  std::map<std::string, std::uint64_t> results;  // probes that are over, by result word
  std::uint64_t skipped{0}, late{0};  // intervals without a probe, and probes that waited for the one before
};

struct UpstreamRow {
  std::string name, address;
  std::vector<std::string> resolved;
  std::string config_state, admin_state;  // ready | drain | maint
  std::string operational_state;          // up | down | unknown | resolving
  std::string cause, admin_cause;         // of the last change of operational_state, of admin_state
  WallTime since, admin_since, config_since;
  std::uint64_t weight{1}, config_weight{1};
  bool backup{false};
  std::uint32_t tier{0};  // the lowest that has an upstream to choose gets all
  std::optional<std::uint64_t> max_connections;
  std::uint64_t assigned{0};  // sessions that have it, those that are connecting included
  std::uint64_t active{0}, connections{0};
  std::uint64_t bytes_in{0}, bytes_out{0};        // of sessions that ended; `in` came from the upstream
  std::map<std::string, std::uint64_t> failures;  // by reason
  std::vector<CloseCount> closes;                 // of connections that stood
  HistogramValues connect_time;
  std::optional<ProbeRow> last_check;
  std::optional<DrainRow> drain;
};

/// One attempt of a connection that is kept up.
struct AttemptRow {
  WallTime at;
  std::string address;  // "" = none was reached
  std::string outcome;  // "connected", or the reason why not
  Duration took;
  std::optional<Duration> stood;  // of one that connected, and is over
  std::string ended;              // why it is; "" = it is not
};

/// One of the connections that a client keeps up.
struct SlotRow {
  std::uint32_t n;         // counts from 1
  std::string_view state;  // waiting | resolving | connecting | logging_in | up | backing_off | paused
  WallTime since;
  std::optional<ConnectionId> connection;
  std::uint64_t attempts;
  std::uint32_t failures;  // in a row
  std::optional<Duration> next_attempt_in;
  std::vector<AttemptRow> history;  // the last ones, newest first
};

struct HeartbeatRow {
  std::uint64_t sent{0}, answered{0}, missed{0};
  std::optional<Duration> last;  // how long the last answer took
  HistogramValues took;
};

struct ClientRow {
  std::string name, source, mode, state, error,
      address;  // state: up | connecting | backing_off | down | paused
  std::vector<std::string> resolved;
  std::string resolve_error;  // of the last look-up; "" = null
  std::uint64_t wanted{0}, up{0}, connecting{0}, backing_off{0};
  std::uint64_t attempts{0};
  std::map<std::string, std::uint64_t> failures;  // of attempts, and of connections that stood
  std::map<std::string, std::uint64_t> outcomes;  // of attempts that are over: "connected", or why not
  std::optional<Duration> next_attempt_in;
  std::string last_failure;  // "" = null
  std::optional<ProbeRow> last_probe;
  std::optional<double> up_last_hour, up_last_day;  // 0 .. 1; none where nothing is known
  HistogramValues connect_time;
  std::vector<std::optional<Duration>>
      recent;                                 // of the last attempts or probes, oldest first; none: it failed
  std::optional<HeartbeatRow> heartbeat;      // mode keep, where there is one
  std::optional<std::vector<SlotRow>> slots;  // mode keep, and only where one client is asked for
  std::uint64_t overwritten{0};               // received bytes that nobody has read
  std::optional<ProbingRow> probing;          // mode probe
  std::uint64_t bytes_in{0}, bytes_out{0};
  EndsRow ends;
  std::string config;
  std::string tag;  // of `config`, and only where one client is asked for
};

/// What became of bytes that a client was given to send.
struct SentRow {
  std::uint64_t sent;                   // taken
  std::uint64_t kernel;                 // of these, those that the kernel has taken at once
  std::optional<bool> acked;            // by the peer's TCP, all of them; none where nobody waits for that
  std::optional<Duration> acked_after;  // where they were
  std::string ended;                    // why the connection ended before; "" = it did not
};

struct ReceivedRow {
  std::uint64_t from;                    // offset of the first byte that is answered
  std::uint64_t next;                    // ask from here on
  std::uint64_t lost;                    // bytes between the asked offset and `from`, overwritten
  std::uint64_t overwritten;             // since the start
  std::string data;                      // raw
  std::optional<std::uint64_t> taken{};  // what is before it was taken; none where nothing has to be
};

/// What came of taking received bytes; both none where none has to be taken.
struct TakenRow {
  std::optional<std::uint64_t> taken;    // as in ReceivedRow
  std::optional<std::uint64_t> untaken;  // how many there are behind
};

struct ServiceRow {
  struct Option {
    std::string key, type, fallback, help;
  };
  std::string name, help;
  std::vector<Option> options;
};

/// What became of a change of one object.
struct ChangeRow {
  enum class Outcome : std::uint8_t { created, changed, unchanged, removed };
  std::string name;
  Outcome outcome{Outcome::unchanged};
  bool dry_run{false};
  std::vector<std::pair<std::string, std::string>> keys;  // key -> now | new_connections | rebind | restart
  std::string config;                                     // JSON text, as it is then; "" = null
  std::string tag;                                        // of `config`; "" where that is
};

struct ReloadRow {
  WallTime at;
  bool ok{true};
  std::vector<std::string> errors;  // one line a mistake
  std::vector<std::string> added, removed, kept, failed;
  struct Change {
    std::string name;
    std::vector<std::pair<std::string, std::string>> keys;  // key -> now | new_connections | rebind | restart
  };
  std::vector<Change> changed;
  /// An object that a file declares and that was changed or removed at run time.
  struct Conflict {
    std::string name;  // "listeners.web"
    std::string file;  // where it is declared: "/etc/tcpctl/tcpctld.toml:12:1"
    bool removed;      // at run time, else changed
    bool file_won;     // else what was done at run time stays
    bool is_saved{};   // what was done was saved; it stays by what saved.toml says
  };
  std::vector<Conflict> conflicts;
};

/// What a save did, or would do. Objects by name: "listeners.web".
struct SaveRow {
  std::string file;                // that is written
  std::vector<std::string> saved;  // whose configuration it has now
  std::vector<std::string> removed;
  std::vector<std::string> given_back;  // of which it says nothing any more: the other files hold
  bool unchanged{false};                // there was nothing to write
  bool dry_run{false};
  std::vector<std::string> errors;  // mistakes of the files, one line each; then nothing was done
};

/// What runs against what the files say.
struct ConfigDiffRow {
  struct Value {
    std::string key;             // "keepalive.idle"
    std::string running, files;  // JSON; empty where it is not written
  };
  struct Change {
    std::string name;  // "listeners.web", "log"
    std::vector<Value> keys;
  };
  std::vector<std::string> added, removed;  // only running; only in files
  std::vector<Change> changed;
  std::vector<ReloadRow::Conflict> conflicts;  // what saved.toml overrules in other files
  std::vector<std::string> errors;             // mistakes of the files, one line each; then the rest is empty
};

/// What the kernel counts for the whole host (network namespace), whoever's sockets they are.
struct HostRow {
  std::uint64_t listen_overflows{0}, listen_drops{0};
};

struct StatusRow {
  std::string version;
  std::int64_t pid{0};
  WallTime started_at;
  Duration uptime{};
  std::uint32_t workers{0};
  std::uint64_t max_connections{0}, file_limit{0};
  double fullness{0}, idle_timeout_factor{1};  // connections as a share of their limit, and what follows
  std::uint64_t connections_active{0}, connections_total{0}, bytes_in{0}, bytes_out{0};
  std::uint64_t listeners{0}, listeners_failed{0}, clients{0}, clients_up{0};
  std::uint64_t accept_pauses{0};  // times that accepting paused for want of files or memory
  std::uint64_t history_entries{0}, history_bytes{0}, history_dropped{0}, log_dropped{0};
  std::uint64_t access_log_dropped{0}, access_log_errors{0};  // lines without room; refused by the target
  std::vector<CloseCount> closes;                             // of all listeners and clients since the start
  std::map<std::string, EndsRow> listener_ends, client_ends;  // by name
  std::optional<HostRow> host;
  std::uint64_t final_info_overruns{0}, final_info_missed{0};  // of sockets closed before their end
  std::map<std::string, std::uint64_t, std::less<>> connections_by_state;
  std::uint64_t events{0}, events_kept{0}, events_dropped{0};  // numbered, those of them held, those lost
  std::uint64_t event_streams{0}, event_streams_cut{0};        // open now; cut since their readers stalled
  std::string generation;
  std::uint64_t conflicts{0};     // declarations in files that do not hold
  std::uint64_t unsaved{0};       // objects that were changed and not saved
  std::optional<DrainRow> drain;  // the daemon stops
  std::optional<ReloadRow> last_reload;
  std::map<std::string, std::string> capabilities;  // "sock_diag" -> "off: …"
};

struct MetricsRow {
  StatusRow status;
  std::vector<ListenerRow> listeners;
  std::map<std::string, std::vector<UpstreamRow>> upstreams;  // by listener
  std::vector<ClientRow> clients;
};

}  // namespace tcpctl
