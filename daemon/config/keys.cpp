// SPDX-License-Identifier: Apache-2.0
// The keys of everything but the services (contract: names, units and defaults are what users rely on).
#include <array>
#include <limits>

#include "config/config.hpp"

namespace tcpctl::config {
namespace {

constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kSecond = 1'000 * kMillisecond;
constexpr std::int64_t kDay = 86'400 * kSecond;
// What the kernel takes: tcp(7), MAX_TCP_KEEPIDLE, MAX_TCP_KEEPINTVL and MAX_TCP_KEEPCNT; TCP_USER_TIMEOUT is
// an int of milliseconds.
constexpr std::int64_t kLongestKeepalive = 32'767 * kSecond;
constexpr std::int64_t kMostProbes = 127;
constexpr std::int64_t kLongestUserTimeout = 24 * kDay;

constexpr std::array kDaemonKeys{
    Key{.path = "daemon.workers",
        .type = KeyType::integer,
        .fallback = "0",
        .max = 256,
        .applies = Applies::restart,
        .help = "Event loops, a thread each; 0 = one per CPU"},
    Key{.path = "daemon.max_connections",
        .type = KeyType::integer,
        .fallback = "0",
        .max = 100'000'000,
        .applies = Applies::now,
        .help = "Sockets at once; 0 = what the limit of open files allows, less a reserve"},
    Key{.path = "daemon.drain_timeout",
        .type = KeyType::duration,
        .fallback = "30s",
        .max = kDay,
        .applies = Applies::now,
        .help = "How long connections may go on after SIGTERM, and in a drain"},
    Key{.path = "daemon.state",
        .type = KeyType::text,
        .fallback = "/var/lib/tcpctl",
        .min = 1,
        .applies = Applies::restart,
        .help = "State folder, where $STATE_DIRECTORY does not name one"},
    Key{.path = "log.level",
        .type = KeyType::choice,
        .fallback = "info",
        .choices = "trace|debug|info|warn|error",
        .applies = Applies::now,
        .help = "Lines of this level and above are written"},
    Key{.path = "log.target",
        .type = KeyType::text,
        .fallback = "auto",
        .min = 1,
        .applies = Applies::restart,
        .help = "auto = journal under systemd, else stderr; stderr, journal, or file:PATH"},
    Key{.path = "log.format",
        .type = KeyType::choice,
        .fallback = "text",
        .choices = "text|json",
        .applies = Applies::restart,
        .help = "How a line is written"},
    Key{.path = "history.connections",
        .type = KeyType::integer,
        .fallback = "10000",
        .max = 10'000'000,
        .applies = Applies::restart,
        .help = "Closed connections that are kept for reading"},
};

constexpr std::array kApiKeys{
    Key{.path = "api.socket",
        .type = KeyType::text,
        .fallback = "/run/tcpctl/api.sock",
        .min = 1,
        .applies = Applies::restart,
        .help = "Unix socket of the API, mode 0660, group tcpctl"},
    Key{.path = "api.http",
        .type = KeyType::text,
        .fallback = "127.0.0.1:9810",
        .applies = Applies::restart,
        .help = "Loopback address of the API over HTTP; \"\" = off"},
    Key{.path = "api.allowed_hosts",
        .type = KeyType::text,
        .list = true,
        .min = 1,
        .max = 253,
        .applies = Applies::now,
        .help = "Further names that the Host header may carry"},
    Key{.path = "api.anonymous",
        .type = KeyType::choice,
        .fallback = "read",
        .choices = "read|none",
        .applies = Applies::now,
        .help = "Role on loopback HTTP without a token"},
    Key{.path = "api.probe_targets",
        .type = KeyType::network,
        .list = true,
        .fallback = R"(["127.0.0.0/8", "::1/128"])",
        .applies = Applies::now,
        .help = "Networks that /probe may be pointed at without the role operate"},
    Key{.path = "api.metrics.listen",
        .type = KeyType::listen_address,
        .applies = Applies::restart,
        .help = "Further address that serves only metrics and health; default off"},
    Key{.path = "api.metrics.allow",
        .type = KeyType::network,
        .list = true,
        .fallback = R"(["127.0.0.0/8", "::1/128"])",
        .applies = Applies::now,
        .help = "Networks that may read metrics there"},
    Key{.path = "api.roles.*",
        .type = KeyType::choice,
        .choices = "read|operate|admin",
        .applies = Applies::now,
        .help = "Role on the Unix socket of \"user:NAME\" or \"group:NAME\""},
    Key{.path = "api.tokens.*.role",
        .type = KeyType::choice,
        .choices = "read|operate|admin",
        .applies = Applies::now,
        .required = true,
        .help = "Role of who shows this token on loopback HTTP"},
    Key{.path = "api.tokens.*.sha256",
        .type = KeyType::text,
        .applies = Applies::now,
        .secret = true,
        .help = "SHA-256 of the token, 64 hex digits"},
    Key{.path = "api.tokens.*.file",
        .type = KeyType::text,
        .min = 1,
        .applies = Applies::now,
        .help = "File whose first line is the token"},
    Key{.path = "api.tokens.*.credential",
        .type = KeyType::name,
        .applies = Applies::now,
        .help = "systemd credential (LoadCredential=) that holds the token"},
};

constexpr std::array kListenerKeys{
    Key{.path = "listeners.*.listen",
        .type = KeyType::listen_address,
        .list = true,
        .applies = Applies::rebind,
        .required = true,
        .help = "Where connections are accepted; port 0 takes a free one"},
    Key{.path = "listeners.*.max_connections",
        .type = KeyType::integer,
        .min = 1,
        .applies = Applies::now,
        .help = "Connections at once; default no limit"},
    Key{.path = "listeners.*.on_limit",
        .type = KeyType::choice,
        .fallback = "close",
        .choices = "close|wait",
        .applies = Applies::now,
        .help = "At the limit: close the new one, or leave it in the accept queue"},
    Key{.path = "listeners.*.backlog",
        .type = KeyType::integer,
        .fallback = "4096",
        .min = 1,
        .max = std::numeric_limits<std::int32_t>::max(),
        .applies = Applies::rebind,
        .help = "Length of the accept queue; the kernel caps it at net.core.somaxconn"},
    Key{.path = "listeners.*.bind_retry",
        .type = KeyType::duration,
        .fallback = "5s",
        .min = 10 * kMillisecond,
        .max = kDay,
        .applies = Applies::now,
        .help = "Pause before an address that could not be bound is tried again"},
    Key{.path = "listeners.*.allow",
        .type = KeyType::network,
        .list = true,
        .help = "Networks whose connections are taken; default all"},
    Key{.path = "listeners.*.deny",
        .type = KeyType::network,
        .list = true,
        .help = "Networks whose connections are closed at once; wins over allow"},
    Key{.path = "listeners.*.idle_timeout",
        .type = KeyType::duration,
        .max = 365 * kDay,
        .help = "A connection without a byte for so long is ended; default and 0s = never"},
    Key{.path = "listeners.*.congestion",
        .type = KeyType::text,
        .min = 1,
        .max = 15,  // TCP_CA_NAME_MAX less the NUL
        .help = "Congestion control by name, as cubic or bbr; default the host's"},
    Key{.path = "listeners.*.unix_mode",
        .type = KeyType::text,
        .min = 3,
        .max = 4,
        .applies = Applies::rebind,
        .help = "Mode of a Unix socket, in octal; default by umask"},
    Key{.path = "listeners.*.unix_group",
        .type = KeyType::text,
        .min = 1,
        .max = 64,
        .applies = Applies::rebind,
        .help = "Group of a Unix socket; default the daemon's"},
};

constexpr std::array kProxyKeys{
    Key{.path = "listeners.*.proxy_protocol.accept_from",
        .type = KeyType::network,
        .list = true,
        .help = "Networks whose connections begin with a PROXY header, without fail; default none"},
    Key{.path = "listeners.*.proxy_protocol.timeout",
        .type = KeyType::duration,
        .fallback = "5s",
        .min = 10 * kMillisecond,
        .max = kDay,
        .help = "How long the whole header may take; below 3s a lost packet is one too many"},
    Key{.path = "listeners.*.proxy_protocol.max_header",
        .type = KeyType::size,
        .fallback = "4KiB",
        .min = 536,  // what every sender may count on: section 2.2
        .max = 16 * 1024,
        .help = "Longest header of version 2; certificates in it may need more"},
};

/// Paths of what every socket has, inbound or outbound.
struct SocketPaths {
  std::string_view idle, interval, probes, user_timeout, close_timeout;
};

constexpr std::array<Key, 5> socket_keys(const SocketPaths& paths) {
  return {

      Key{.path = paths.idle,
          .type = KeyType::duration,
          .fallback = "60s",
          .max = kLongestKeepalive,
          .help = "Silence before TCP asks whether the peer is there; 0s = never ask"},
      Key{.path = paths.interval,
          .type = KeyType::duration,
          .fallback = "10s",
          .min = kSecond,
          .max = kLongestKeepalive,
          .help = "Pause between two such questions"},
      Key{.path = paths.probes,
          .type = KeyType::integer,
          .fallback = "6",
          .min = 1,
          .max = kMostProbes,
          .help = "Unanswered questions after which the peer is dead"},
      Key{.path = paths.user_timeout,
          .type = KeyType::duration,
          .fallback = "2m",
          .max = kLongestUserTimeout,
          .help = "Sent data may stay unacknowledged for so long (TCP_USER_TIMEOUT); 0s = the host's"},
      Key{.path = paths.close_timeout,
          .type = KeyType::duration,
          .fallback = "5s",
          .min = kMillisecond,
          .max = kDay,
          .help = "How long a closing connection is read until it is reset"},
  };
}

constexpr auto kListenerSocketKeys = socket_keys({.idle = "listeners.*.keepalive.idle",
                                                  .interval = "listeners.*.keepalive.interval",
                                                  .probes = "listeners.*.keepalive.probes",
                                                  .user_timeout = "listeners.*.user_timeout",
                                                  .close_timeout = "listeners.*.close_timeout"});
constexpr auto kClientSocketKeys = socket_keys({.idle = "clients.*.keepalive.idle",
                                                .interval = "clients.*.keepalive.interval",
                                                .probes = "clients.*.keepalive.probes",
                                                .user_timeout = "clients.*.user_timeout",
                                                .close_timeout = "clients.*.close_timeout"});

constexpr std::array kClientKeys{
    Key{.path = "clients.*.connect",
        .type = KeyType::connect_address,
        .required = true,
        .help = "Where to connect to"},
    Key{.path = "clients.*.mode",
        .type = KeyType::choice,
        .choices = "keep|probe",
        .required = true,
        .help = "keep = hold connections up; probe = check at an interval"},
    Key{.path = "clients.*.connect_timeout",
        .type = KeyType::duration,
        .fallback = "20s",
        .min = kMillisecond,
        .max = kDay,
        .help = "How long one attempt to connect may take"},
    Key{.path = "clients.*.connections",
        .type = KeyType::integer,
        .fallback = "1",
        .min = 1,
        .max = 100'000,
        .applies = Applies::now,
        .help = "Connections kept up; mode keep"},
    Key{.path = "clients.*.backoff.initial",
        .type = KeyType::duration,
        .fallback = "1s",
        .min = kMillisecond,
        .max = kDay,
        .help = "Pause before the first new attempt; mode keep"},
    Key{.path = "clients.*.backoff.factor",
        .type = KeyType::number,
        .fallback = "1.6",
        .min = 1,
        .max = 100,
        .help = "Each further pause is longer by this; mode keep"},
    Key{.path = "clients.*.backoff.jitter",
        .type = KeyType::number,
        .fallback = "0.2",
        .max = 1,
        .help = "Share by which a pause varies at random; mode keep"},
    Key{.path = "clients.*.backoff.max",
        .type = KeyType::duration,
        .fallback = "2m",
        .min = kMillisecond,
        .max = kDay,
        .help = "Longest pause; mode keep"},
    Key{.path = "clients.*.interval",
        .type = KeyType::duration,
        .fallback = "10s",
        .min = 10 * kMillisecond,
        .max = 365 * kDay,
        .applies = Applies::now,
        .help = "From one probe to the next; mode probe"},
    Key{.path = "clients.*.timeout",
        .type = KeyType::duration,
        .fallback = "5s",
        .min = kMillisecond,
        .max = kDay,
        .applies = Applies::now,
        .help = "How long a whole probe may take; mode probe"},
};

}  // namespace

std::span<const Key> core_keys() {
  static const std::vector<Key> kAll = [] {
    std::vector<Key> all;
    const auto append = [&all](std::span<const Key> keys) {
      all.insert(all.end(), keys.begin(), keys.end());
    };
    append(kDaemonKeys);
    append(kApiKeys);
    append(kListenerKeys);
    append(kProxyKeys);
    append(kListenerSocketKeys);
    append(kClientKeys);
    append(kClientSocketKeys);
    return all;
  }();
  return kAll;
}

}  // namespace tcpctl::config
