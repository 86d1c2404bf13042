// SPDX-License-Identifier: Apache-2.0
#include "upstreams/ares_channel.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "engine/timeval.hpp"
#include "upstreams/ares_answer.hpp"
#include "upstreams/family_join.hpp"

namespace tcpctl {
namespace {

/// /etc/hosts tells no TTL; it is read again this often while a name of it is watched.
constexpr std::chrono::seconds kHostsTtl{5};
constexpr int kClassIn = 1;
constexpr int kTypeSrv = 33;
constexpr std::size_t kLongestName = 253;  // RFC 1035 section 2.3.4, as text and without the last dot

/// c-ares wants to be set up once in a process, before its first channel.
int library_status() {
  static const int status = ares_library_init(ARES_LIB_INIT_ALL);
  return status;
}

ares_addrinfo_hints hints_for(int family) {
  ares_addrinfo_hints hints{};
  hints.ai_flags = ARES_AI_NUMERICSERV;
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  return hints;
}

}  // namespace

/// One name that is looked up; it lives while c-ares has a query of it.
struct AresChannel::HostQuery : std::enable_shared_from_this<AresChannel::HostQuery> {
  HostQuery(AresChannel* on, std::string of, std::uint16_t with_port, Answer to, std::vector<std::string> all)
      : channel{on}, host{std::move(of)}, port{with_port}, answer{std::move(to)}, names{std::move(all)} {}

  AresChannel* channel;
  std::string host;
  std::uint16_t port;
  Answer answer;
  std::vector<std::string> names;  // those left to ask for, the next one last
  EventPtr late{};                 // until one family is told without the other
  FamilyJoin join{};
  unsigned turn{0};    // of the name that is asked for now
  bool exists{false};  // one of the names does, without addresses
};

/// The query for the addresses of one family.
struct AresChannel::Leg {
  std::shared_ptr<HostQuery> query;
  unsigned turn;
  int family;
};

struct AresChannel::SrvQuery {
  AresChannel* channel;
  std::string service;
  Services answer;
};

AresChannel::AresChannel(Loop& loop, Duration resolution_delay)
    : loop_{loop}, resolution_delay_{resolution_delay}, timer_{evtimer_new(loop.base(), on_timer, this)} {}

AresChannel::~AresChannel() { loop_.assert_here(); }

Result<std::unique_ptr<AresChannel>> AresChannel::open(Loop& loop, const Resolver::Options& options) {
  std::unique_ptr<AresChannel> self{new AresChannel{loop, options.resolution_delay}};
  // Apart, as what the file says of one family is all that there is of the name.
  for (auto [channel, lookups] : {std::pair{&self->hosts_file_, "f"}, std::pair{&self->dns_, "b"}}) {
    auto opened = self->open_one(options, lookups);
    if (!opened) return tl::make_unexpected(std::move(opened).error());
    *channel = *std::move(opened);
  }
  self->read_search_list();
  return self;
}

Result<AresChannel::ChannelPtr> AresChannel::open_one(const Resolver::Options& options, std::string lookups) {
  std::string resolv_conf = options.resolv_conf;
  ares_options settings{};
  settings.timeout = static_cast<int>(std::max<Duration::rep>(
      1, std::chrono::duration_cast<std::chrono::milliseconds>(options.attempt_timeout).count()));
  settings.tries = options.attempts;
  settings.udp_port = options.port;
  settings.tcp_port = options.port;
  settings.lookups = lookups.data();
  settings.resolvconf_path = resolv_conf.data();
  settings.sock_state_cb = on_socket_state;
  settings.sock_state_cb_data = this;
  constexpr int kSet = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_UDP_PORT | ARES_OPT_TCP_PORT |
                       ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB | ARES_OPT_RESOLVCONF;
  ares_channel made = nullptr;
  auto status = library_status();
  if (status == ARES_SUCCESS) status = ares_init_options(&made, &settings, kSet);
  ChannelPtr channel{made};
  if (status == ARES_SUCCESS && !options.servers.empty()) {
    const auto servers = fmt::format("{}", fmt::join(options.servers, ","));
    status = ares_set_servers_ports_csv(made, servers.c_str());
  }
  if (status != ARES_SUCCESS || !timer_) {
    return fail(Errc::unavailable, fmt::format("name resolution: {}",
                                               ares_words(status == ARES_SUCCESS ? ARES_ENOMEM : status)));
  }
  return channel;
}

void AresChannel::read_search_list() {
  ares_options settings{};
  int set = 0;
  const std::unique_ptr<ares_options, AresFree> owned{&settings};
  if (ares_save_options(dns_.get(), &settings, &set) != ARES_SUCCESS) return;
  search_.assign(settings.domains, settings.domains + std::max(settings.ndomains, 0));
  ndots_ = static_cast<std::size_t>(std::max(settings.ndots, 0));
}

void AresChannel::query(const std::string& host, std::uint16_t port, Answer answer) {
  loop_.assert_here();
  if (auto listed = look_in_hosts_file(host, port)) {
    answer(*std::move(listed));
    return;
  }
  auto names = names_for(host);
  std::ranges::reverse(names);
  const auto query = std::make_shared<HostQuery>(this, host, port, std::move(answer), std::move(names));
  query->late.reset(evtimer_new(loop_.base(), on_late_family, query.get()));
  if (!query->late) {
    query->answer(fail(Errc::unavailable, fmt::format("name resolution: {}", ares_words(ARES_ENOMEM))));
    return;
  }
  ask(query);
  arm_timer();
}

std::optional<Resolved> AresChannel::look_in_hosts_file(const std::string& host, std::uint16_t port) {
  struct Found {
    const std::string& host;
    std::optional<Resolved> resolved{};
  } found{host};
  const auto hints = hints_for(AF_UNSPEC);
  // It answers within the call, as it asks nobody.
  ares_getaddrinfo(
      hosts_file_.get(), host.c_str(), fmt::to_string(port).c_str(), &hints,
      [](void* argument, int status, int, ares_addrinfo* raw) {
        const std::unique_ptr<ares_addrinfo, AresFree> answer{raw};
        auto& into = *static_cast<Found*>(argument);
        if (auto resolved = read_ares_answer(into.host, status, raw)) into.resolved = *std::move(resolved);
      },
      &found);
  if (!found.resolved) return std::nullopt;
  auto& addresses = found.resolved->addresses;
  addresses.resize(std::min(addresses.size(), Resolved::kMostAddresses));
  found.resolved->ttl = kHostsTtl;
  return found.resolved;
}

/// As resolv.conf's `search` and `ndots` say. Each is asked for in both families before the next one is, so
/// that no two hosts are mixed; c-ares leaves a name alone that ends in a dot.
std::vector<std::string> AresChannel::names_for(const std::string& host) const {
  if (host.back() == '.') return {host};
  std::vector<std::string> names;
  for (std::string_view domain : search_) {
    if (domain.ends_with('.')) domain.remove_suffix(1);
    if (domain.empty() || host.size() + 1 + domain.size() > kLongestName) continue;
    names.push_back(fmt::format("{}.{}.", host, domain));
  }
  const bool as_it_is_first = static_cast<std::size_t>(std::ranges::count(host, '.')) >= ndots_;
  names.insert(as_it_is_first ? names.begin() : names.end(), fmt::format("{}.", host));
  return names;
}

void AresChannel::ask(const std::shared_ptr<HostQuery>& query) {
  const auto name = std::move(query->names.back());
  query->names.pop_back();
  query->join = {};
  ++query->turn;
  in_flight_ += 2;
  // AAAA first. Source: RFC 8305 section 3.
  for (const int family : {AF_INET6, AF_INET}) {
    const auto hints = hints_for(family);
    ares_getaddrinfo(dns_.get(), name.c_str(), fmt::to_string(query->port).c_str(), &hints, on_answer,
                     std::make_unique<Leg>(Leg{query, query->turn, family}).release());
  }
}

void AresChannel::on_answer(void* argument, int status, int, ares_addrinfo* raw) {
  const std::unique_ptr<ares_addrinfo, AresFree> answer{raw};
  const std::unique_ptr<Leg> leg{static_cast<Leg*>(argument)};
  if (status == ARES_EDESTRUCTION || status == ARES_ECANCELLED) return;
  HostQuery& query = *leg->query;
  --query.channel->in_flight_;
  if (leg->turn != query.turn) return;  // that name was given up
  query.exists = query.exists || status == ARES_ENODATA;
  const int told = status == ARES_ENOTFOUND && query.exists ? ARES_ENODATA : status;
  if (status == ARES_ENOTFOUND) query.join.no_such_name(leg->family);
  query.channel->on_family(leg->query, leg->family, read_ares_answer(query.host, told, raw));
}

void AresChannel::on_family(const std::shared_ptr<HostQuery>& query, int family, Result<Resolved> answer) {
  const bool may_do = answer.has_value() || query->join.is_likely_negative();
  query->join.take(family, std::move(answer));
  if (query->join.is_complete()) {
    evtimer_del(query->late.get());
    if (query->join.is_negative() && !query->names.empty()) {
      ask(query);
    } else {
      query->answer(query->join.joined());
    }
  } else if (may_do) {
    const timeval wait = to_timeval(resolution_delay_);
    evtimer_add(query->late.get(), &wait);
  }
}

void AresChannel::on_late_family(evutil_socket_t, short, void* argument) {
  auto& query = *static_cast<HostQuery*>(argument);
  if (query.join.has_addresses()) {
    query.answer(query.join.joined());
  } else if (!query.names.empty()) {
    query.channel->ask(query.shared_from_this());
    query.channel->arm_timer();
  }
}

void AresChannel::query_srv(const std::string& service, Services answer) {
  loop_.assert_here();
  ++in_flight_;
  auto query = std::make_unique<SrvQuery>(SrvQuery{this, service, std::move(answer)});
  ares_search(dns_.get(), service.c_str(), kClassIn, kTypeSrv, on_srv_answer, query.release());
  arm_timer();
}

void AresChannel::on_srv_answer(void* argument, int status, int, unsigned char* message, int size) {
  const std::unique_ptr<SrvQuery> query{static_cast<SrvQuery*>(argument)};
  if (status == ARES_EDESTRUCTION || status == ARES_ECANCELLED) return;
  --query->channel->in_flight_;
  const auto context = fmt::format("service '{}'", query->service);
  if (status != ARES_SUCCESS) {
    const auto words = status == ARES_ENODATA ? "the name has no SRV record" : ares_words(status);
    query->answer(fail(ares_code(status), fmt::format("{}: {}", context, words)));
    return;
  }
  auto answer = parse_srv_answer({reinterpret_cast<const char*>(message), static_cast<std::size_t>(size)});
  if (!answer) answer = tl::make_unexpected(std::move(answer).error().within(context));
  query->answer(std::move(answer));
}

void AresChannel::on_socket_state(void* self, ares_socket_t fd, int readable, int writable) {
  static_cast<AresChannel*>(self)->watch(fd, readable != 0, writable != 0);
}

void AresChannel::watch(ares_socket_t fd, bool readable, bool writable) {
  sockets_.erase(fd);
  if (!readable && !writable) return;
  const int what = EV_PERSIST | (readable ? EV_READ : 0) | (writable ? EV_WRITE : 0);
  EventPtr watcher{event_new(loop_.base(), fd, static_cast<short>(what), on_io, this)};
  // Without a watcher the query ends by its timeout.
  if (watcher && event_add(watcher.get(), nullptr) == 0) sockets_.emplace(fd, std::move(watcher));
}

void AresChannel::on_io(evutil_socket_t fd, short what, void* argument) {
  auto& self = *static_cast<AresChannel*>(argument);
  ares_process_fd(self.dns_.get(), (what & EV_READ) != 0 ? fd : ARES_SOCKET_BAD,
                  (what & EV_WRITE) != 0 ? fd : ARES_SOCKET_BAD);
  self.arm_timer();
}

void AresChannel::on_timer(evutil_socket_t, short, void* argument) {
  auto& self = *static_cast<AresChannel*>(argument);
  ares_process_fd(self.dns_.get(), ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  self.arm_timer();
}

void AresChannel::arm_timer() {
  timeval until{};
  if (ares_timeout(dns_.get(), nullptr, &until) != nullptr) {
    evtimer_add(timer_.get(), &until);
  } else {
    evtimer_del(timer_.get());
  }
}

}  // namespace tcpctl
