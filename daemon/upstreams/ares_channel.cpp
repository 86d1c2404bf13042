// SPDX-License-Identifier: Apache-2.0
#include "upstreams/ares_channel.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

namespace tcpctl {
namespace {

/// /etc/hosts tells no TTL; it is read again this often while a name of it is watched.
constexpr std::chrono::seconds kHostsTtl{5};
constexpr int kClassIn = 1;
constexpr int kTypeSrv = 33;

/// c-ares wants to be set up once in a process, before its first channel.
int library_status() {
  static const int status = ares_library_init(ARES_LIB_INIT_ALL);
  return status;
}

Errc code_of(int status) {
  switch (status) {
    case ARES_ENODATA:
    case ARES_ENOTFOUND:
      return Errc::not_found;
    case ARES_ETIMEOUT:
      return Errc::timed_out;
    case ARES_EBADNAME:
    case ARES_ENONAME:
      return Errc::invalid_argument;
    case ARES_EBADRESP:
    case ARES_EFORMERR:
      return Errc::io;
    default:
      return Errc::unavailable;
  }
}

std::string words_of(int status) {
  switch (code_of(status)) {
    case Errc::not_found:
      return status == ARES_ENODATA ? "the name has no address" : "no such name";
    case Errc::timed_out:
      return "no answer from the name servers";
    case Errc::unavailable:
      if (status == ARES_ECONNREFUSED || status == ARES_ESERVFAIL)
        return "the name servers cannot be reached or failed";
      break;
    default:
      break;
  }
  std::string words = ares_strerror(status);
  std::ranges::transform(words, words.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return words;
}

/// Always the same ones of too many, however the server turns them.
void limit(std::vector<Address>& addresses) {
  if (addresses.size() <= Resolved::kMostAddresses) return;
  std::ranges::sort(addresses, {}, [](const Address& address) { return address.text(); });
  addresses.resize(Resolved::kMostAddresses);
}

Result<Resolved> read_answer(const std::string& host, int status, const ares_addrinfo* answer) {
  if (status != ARES_SUCCESS)
    return fail(code_of(status), fmt::format("host '{}': {}", host, words_of(status)));
  Resolved resolved{.addresses = {}, .ttl = std::chrono::seconds::max()};
  for (const auto* node = answer->nodes; node != nullptr; node = node->ai_next) {
    sockaddr_storage storage{};
    if (node->ai_addrlen > sizeof storage) continue;
    std::memcpy(&storage, node->ai_addr, node->ai_addrlen);
    resolved.addresses.push_back(Address::from(storage, node->ai_addrlen));
    resolved.ttl = std::min(resolved.ttl, std::chrono::seconds{std::max(node->ai_ttl, 0)});
  }
  for (const auto* alias = answer->cnames; alias != nullptr; alias = alias->next) {
    resolved.ttl = std::min(resolved.ttl, std::chrono::seconds{std::max(alias->ttl, 0)});
  }
  if (resolved.addresses.empty()) {
    return fail(Errc::not_found, fmt::format("host '{}': {}", host, words_of(ARES_ENODATA)));
  }
  limit(resolved.addresses);
  return resolved;
}

}  // namespace

struct AresChannel::Query {
  AresChannel* channel;
  std::string host;
  Answer answer;
};

struct AresChannel::SrvQuery {
  AresChannel* channel;
  std::string service;
  Services answer;
};

AresChannel::AresChannel(Loop& loop) : loop_{loop}, timer_{evtimer_new(loop.base(), on_timer, this)} {}

AresChannel::~AresChannel() { loop_.assert_here(); }

Result<std::unique_ptr<AresChannel>> AresChannel::open(Loop& loop, const Resolver::Options& options) {
  std::unique_ptr<AresChannel> self{new AresChannel{loop}};
  std::string lookups = "fb";  // files, then DNS
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
  settings.sock_state_cb_data = self.get();
  constexpr int kSet = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_UDP_PORT | ARES_OPT_TCP_PORT |
                       ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB | ARES_OPT_RESOLVCONF;
  ares_channel channel = nullptr;
  auto status = library_status();
  if (status == ARES_SUCCESS) status = ares_init_options(&channel, &settings, kSet);
  self->channel_.reset(channel);
  if (status == ARES_SUCCESS && !options.servers.empty()) {
    const auto servers = fmt::format("{}", fmt::join(options.servers, ","));
    status = ares_set_servers_ports_csv(channel, servers.c_str());
  }
  if (status != ARES_SUCCESS || !self->timer_) {
    return fail(Errc::unavailable,
                fmt::format("name resolution: {}", words_of(status == ARES_SUCCESS ? ARES_ENOMEM : status)));
  }
  return self;
}

void AresChannel::query(const std::string& host, std::uint16_t port, Answer answer) {
  loop_.assert_here();
  ares_addrinfo_hints hints{};
  hints.ai_flags = ARES_AI_NUMERICSERV;
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  ++in_flight_;
  auto query = std::make_unique<Query>(Query{this, host, std::move(answer)});
  asking_ = true;
  ares_getaddrinfo(channel_.get(), host.c_str(), fmt::to_string(port).c_str(), &hints, on_answer,
                   query.release());
  asking_ = false;
  arm_timer();
}

void AresChannel::query_srv(const std::string& service, Services answer) {
  loop_.assert_here();
  ++in_flight_;
  auto query = std::make_unique<SrvQuery>(SrvQuery{this, service, std::move(answer)});
  ares_search(channel_.get(), service.c_str(), kClassIn, kTypeSrv, on_srv_answer, query.release());
  arm_timer();
}

void AresChannel::on_answer(void* argument, int status, int, ares_addrinfo* raw) {
  const std::unique_ptr<ares_addrinfo, AresFree> answer{raw};
  const std::unique_ptr<Query> query{static_cast<Query*>(argument)};
  if (status == ARES_EDESTRUCTION || status == ARES_ECANCELLED) return;
  --query->channel->in_flight_;
  auto resolved = read_answer(query->host, status, answer.get());
  if (resolved && query->channel->asking_) resolved->ttl = kHostsTtl;
  query->answer(std::move(resolved));
}

void AresChannel::on_srv_answer(void* argument, int status, int, unsigned char* message, int size) {
  const std::unique_ptr<SrvQuery> query{static_cast<SrvQuery*>(argument)};
  if (status == ARES_EDESTRUCTION || status == ARES_ECANCELLED) return;
  --query->channel->in_flight_;
  const auto context = fmt::format("service '{}'", query->service);
  if (status != ARES_SUCCESS) {
    const auto words = status == ARES_ENODATA ? "the name has no SRV record" : words_of(status);
    query->answer(fail(code_of(status), fmt::format("{}: {}", context, words)));
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
  ares_process_fd(self.channel_.get(), (what & EV_READ) != 0 ? fd : ARES_SOCKET_BAD,
                  (what & EV_WRITE) != 0 ? fd : ARES_SOCKET_BAD);
  self.arm_timer();
}

void AresChannel::on_timer(evutil_socket_t, short, void* argument) {
  auto& self = *static_cast<AresChannel*>(argument);
  ares_process_fd(self.channel_.get(), ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  self.arm_timer();
}

void AresChannel::arm_timer() {
  timeval until{};
  if (ares_timeout(channel_.get(), nullptr, &until) != nullptr) {
    evtimer_add(timer_.get(), &until);
  } else {
    evtimer_del(timer_.get());
  }
}

}  // namespace tcpctl
