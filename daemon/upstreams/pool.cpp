// SPDX-License-Identifier: Apache-2.0
#include "upstreams/pool.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace tcpctl {

using Answer = std::function<void(Result<Target>)>;

/// What a session still needs of its pool, also once that is gone.
class Pool::State final : private Deadline, public std::enable_shared_from_this<Pool::State> {
 public:
  State(Worker& worker, std::unique_ptr<DirectorDoor> director, std::shared_ptr<PartyStats> listener)
      : worker_{worker},
        director_{std::move(director)},
        listener_{std::move(listener)},
        balancer_{Balance::round_robin, worker.index()} {}

  void set(UpstreamSetPtr upstreams, const PoolOptions& options) {
    options_ = options;
    balancer_.set(options.balance);
    balancer_.set(std::move(upstreams));
    await_first();
  }
  void open(std::unique_ptr<DirectorDoor> director) { director_ = std::move(director); }
  [[nodiscard]] bool is_closed() const { return director_ == nullptr; }
  [[nodiscard]] const UpstreamSetPtr& upstreams() const { return balancer_.set(); }
  void close();

  [[nodiscard]] UpstreamShare& share(UpstreamStats& upstream) const {
    return upstream.share(worker_.index());
  }
  void next(Session& session, const Address& source, Answer answer);
  void leave(Ticket ticket);
  void admit(Ticket ticket);
  void give_back(UpstreamStats& upstream);
  void report(const std::shared_ptr<UpstreamStats>& upstream, Reason reason);
  void heard(const UpstreamStats& upstream);

 private:
  struct Waiting {
    Session* session;
    Address source;
    Answer answer;
    Instant since;
  };
  struct Report {
    std::shared_ptr<UpstreamStats> upstream;
    std::uint64_t unheard{0};  // failures after those that the director is hearing of
    Reason reason{};
  };

  void on_deadline() override;
  void await_first();
  [[nodiscard]] std::optional<Target> choose(Session& session, const Address& source);
  [[nodiscard]] std::optional<Target> choose_untried(Session& session, const Address& source);
  [[nodiscard]] bool has_to_wait() const;
  void wait(Session& session, const Address& source, Answer answer);
  void forget(Ticket ticket);
  void give_up(Ticket ticket, const Error& error);

  Worker& worker_;
  std::unique_ptr<DirectorDoor> director_;  // null once the pool is gone
  const std::shared_ptr<PartyStats> listener_;
  PoolOptions options_;
  Balancer balancer_;
  std::uint64_t tickets_{0};
  std::map<Ticket, Waiting> waiting_;  // by ticket, and so by time
  std::unordered_map<const UpstreamStats*, Report> reports_;
};

class Pool::Session final : public TargetSource {
 public:
  explicit Session(std::shared_ptr<State> state) : state_{std::move(state)} {}
  ~Session() override { leave(); }

  void next(const Address& source, Answer answer) override {
    release();
    state_->next(*this, source, std::move(answer));
  }

  Traffic* connected(Duration took) override {
    UpstreamShare& share = state_->share(*chosen_);
    share.active.add();
    share.connections.add();
    share.connect_time.add(std::chrono::duration<double>(took).count());
    is_active_ = true;
    is_blamed_ = has_failed_at(chosen_.get());
    search_ = nullptr;  // there is no further attempt, and a session that stands keeps little
    return &share;
  }

  Traffic* resumed() override {
    UpstreamShare& share = state_->share(*chosen_);
    share.active.add();
    is_active_ = true;
    search_ = nullptr;
    return &share;
  }

  void failed(Reason reason) override {
    state_->share(*chosen_).failures[static_cast<std::size_t>(reason)].add();
    if (reason != Reason::resource && !has_failed_at(chosen_.get())) {
      search().failed.push_back(chosen_.get());
      state_->report(chosen_, reason);
    }
    release();
  }

  void leave() override {
    if (search_ && search_->ticket != Ticket{}) state_->leave(search_->ticket);
    release();
  }

  void ended(const Facts& leg) override {
    UpstreamShare& share = state_->share(*chosen_);
    share.closes.add(leg.close.first.value_or(First::unknown), leg.close.how,
                     leg.close.reason.value_or(Reason::unknown));
    if (leg.bytes_in > 0) {
      share.answered.add();
    } else if (leg.close.reason == Reason::peer_rst && leg.close.first == First::remote) {
      share.failures[static_cast<std::size_t>(Reason::peer_rst)].add();
      if (!is_blamed_) state_->report(chosen_, Reason::peer_rst);
    }
    release();
  }

  void choose(const Upstream& upstream) {
    chosen_ = upstream.stats;
    search().tried.push_back(chosen_.get());
  }
  [[nodiscard]] Tried tried() const { return search_ ? Tried{search_->tried} : Tried{}; }
  void forget_tried() { search().tried.clear(); }
  void wait_as(Ticket ticket) { search().ticket = ticket; }

 private:
  /// What it knows until it is connected.
  struct Search {
    std::vector<const UpstreamStats*> tried;
    std::vector<const UpstreamStats*> failed;  // each counts this session once
    Ticket ticket{};                           // 0 = it does not wait
  };
  Search& search() {
    if (!search_) search_ = std::make_unique<Search>();
    return *search_;
  }
  [[nodiscard]] bool has_failed_at(const UpstreamStats* upstream) const {
    return search_ && std::ranges::find(search_->failed, upstream) != search_->failed.end();
  }
  void release() {
    if (!chosen_) return;
    if (std::exchange(is_active_, false)) state_->share(*chosen_).active.sub();
    state_->give_back(*std::exchange(chosen_, nullptr));
  }

  const std::shared_ptr<State> state_;
  std::shared_ptr<UpstreamStats> chosen_;  // it holds a place there
  std::unique_ptr<Search> search_;
  bool is_active_{false};
  bool is_blamed_{false};  // its upstream counts it already
};

void Pool::State::next(Session& session, const Address& source, Answer answer) {
  worker_.tick();
  // Nobody overtakes those who wait already.
  const bool may_overtake = !balancer_.set()->is_limited() || listener_->waiting().taken() == 0;
  if (may_overtake) {
    if (const auto target = choose(session, source)) {
      answer(*target);
      return;
    }
  }
  if (has_to_wait()) {
    wait(session, source, std::move(answer));
  } else {
    answer(fail(Errc::unavailable, balancer_.set()->why_none()));
  }
}

std::optional<Target> Pool::State::choose(Session& session, const Address& source) {
  auto target = choose_untried(session, source);
  if (target || session.tried().empty()) return target;
  // Nobody else is left, or has room: one that failed before is better than none.
  session.forget_tried();
  return choose_untried(session, source);
}

std::optional<Target> Pool::State::choose_untried(Session& session, const Address& source) {
  const UpstreamSet& set = *balancer_.set();
  const auto was_tried = [&](UpstreamSet::Index index) {
    return std::ranges::find(session.tried(), set.at(index).stats.get()) != session.tried().end();
  };
  for (const auto& tier : set.tiers()) {
    while (const auto index = balancer_.choose(tier, source, session.tried())) {
      const Upstream& upstream = set.at(*index);
      if (!upstream.stats->places().take(upstream.max_connections)) continue;  // another worker was faster
      session.choose(upstream);
      Counter& chosen = share(*upstream.stats).chosen;
      chosen.add();
      // A source stays with its address, too.
      const std::size_t turn = options_.balance == Balance::source_hash
                                   ? static_cast<std::size_t>(hash_of(source) >> 1U)
                                   : chosen.read() - 1;
      return Target{upstream.addresses->at(turn, 0), upstream.name,
                    upstream.addresses->size() > 1 ? upstream.addresses : nullptr, turn};
    }
    // To be full is not to be down: the next tier is for those who have tried all of this one.
    if (!std::ranges::all_of(tier, was_tried)) return std::nullopt;
  }
  return std::nullopt;
}

bool Pool::State::has_to_wait() const {
  return director_ && (balancer_.set()->is_resolving() || !balancer_.set()->tiers().empty());
}

void Pool::State::wait(Session& session, const Address& source, Answer answer) {
  const Ticket ticket{static_cast<std::uint64_t>(make_id(worker_.index(), ++tickets_))};
  session.wait_as(ticket);
  waiting_.emplace(ticket, Waiting{&session, source, std::move(answer), worker_.time()});
  listener_->waiting().take();  // before the director hears of it: who frees a place from now on tells it
  director_->wait(ticket, false);
  if (!is_set()) await_first();
}

void Pool::State::forget(Ticket ticket) {
  const auto found = waiting_.find(ticket);
  found->second.session->wait_as(Ticket{});
  waiting_.erase(found);
  listener_->waiting().give_back();
}

void Pool::State::leave(Ticket ticket) {
  forget(ticket);
  if (director_) director_->leave(ticket);
}

void Pool::State::give_up(Ticket ticket, const Error& error) {
  const Answer answer = std::move(waiting_.at(ticket).answer);
  leave(ticket);
  answer(tl::make_unexpected(error));
}

void Pool::State::admit(Ticket ticket) {
  worker_.tick();
  const auto found = waiting_.find(ticket);
  if (found == waiting_.end()) {
    if (director_) director_->admitted(ticket);
    return;
  }
  const auto target = choose(*found->second.session, found->second.source);
  if (!target && has_to_wait()) {
    director_->wait(ticket, true);
    director_->admitted(ticket);
    return;
  }
  const Answer answer = std::move(found->second.answer);
  forget(ticket);
  director_->admitted(ticket);
  if (target) {
    answer(*target);
  } else {
    answer(fail(Errc::unavailable, balancer_.set()->why_none()));
  }
}

void Pool::State::on_deadline() {
  const auto self = shared_from_this();
  worker_.tick();
  const char* const what = balancer_.set()->is_resolving() ? "the name of no upstream was resolved within {}"
                                                           : "no upstream had a place free within {}";
  const Error error{Errc::timed_out, fmt::format(fmt::runtime(what), duration_text(options_.queue_timeout))};
  // Only those who wait now: to give up may make room, and others wait in their place.
  std::vector<Ticket> due;
  for (const auto& [ticket, waiting] : waiting_) {
    if (waiting.since + options_.queue_timeout <= worker_.time()) due.push_back(ticket);
  }
  for (const Ticket ticket : due) {
    if (waiting_.contains(ticket)) give_up(ticket, error);
  }
  await_first();
}

// The first ticket is that of who waits longest, and all wait equally long.
void Pool::State::await_first() {
  if (waiting_.empty()) return;
  worker_.wheel().set(*this, waiting_.begin()->second.since + options_.queue_timeout);
}

void Pool::State::give_back(UpstreamStats& upstream) {
  upstream.places().give_back();
  if (director_ && listener_->waiting().taken() > 0) director_->freed();
}

void Pool::State::report(const std::shared_ptr<UpstreamStats>& upstream, Reason reason) {
  if (!director_ || !options_.reports_failures) return;
  const auto [found, is_new] = reports_.try_emplace(upstream.get(), Report{upstream, 0, reason});
  if (is_new) {
    director_->failed(upstream, reason, 1);
  } else {
    ++found->second.unheard;
    found->second.reason = reason;
  }
}

void Pool::State::heard(const UpstreamStats& upstream) {
  const auto found = reports_.find(&upstream);
  if (found == reports_.end()) return;
  Report& report = found->second;
  if (report.unheard == 0 || !director_) {
    reports_.erase(found);
    return;
  }
  director_->failed(report.upstream, report.reason, std::exchange(report.unheard, 0));
}

void Pool::State::close() {
  const auto self = shared_from_this();
  director_.reset();
  reports_.clear();  // their answers go to nobody
  while (!waiting_.empty()) {
    give_up(waiting_.begin()->first, {Errc::unavailable, "the listener was removed while it waited"});
  }
}

Pool::Pool(Worker& worker, std::unique_ptr<DirectorDoor> director, std::shared_ptr<PartyStats> listener,
           UpstreamSetPtr upstreams, const PoolOptions& options)
    : state_{std::make_shared<State>(worker, std::move(director), std::move(listener))} {
  set(std::move(upstreams), options);
}

Pool::~Pool() { state_->close(); }

void Pool::close() { state_->close(); }
bool Pool::is_closed() const { return state_->is_closed(); }

void Pool::open(std::unique_ptr<DirectorDoor> director, UpstreamSetPtr upstreams,
                const PoolOptions& options) {
  state_->open(std::move(director));
  set(std::move(upstreams), options);
}

void Pool::set(UpstreamSetPtr upstreams, const PoolOptions& options) {
  state_->set(std::move(upstreams), options);
}

const UpstreamSetPtr& Pool::upstreams() const { return state_->upstreams(); }
std::unique_ptr<TargetSource> Pool::session() { return std::make_unique<Session>(state_); }

std::unique_ptr<TargetSource> Pool::session_with(const std::string& upstream) {
  for (const Upstream& one : upstreams()->all()) {
    if (*one.name != upstream) continue;
    one.stats->places().take();  // it has its place already, whatever the limit is now
    auto session = std::make_unique<Session>(state_);
    session->choose(one);
    return session;
  }
  return nullptr;
}

void Pool::admit(Ticket ticket) { state_->admit(ticket); }
void Pool::heard(const UpstreamStats& upstream) { state_->heard(upstream); }

}  // namespace tcpctl
