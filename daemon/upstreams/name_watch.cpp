// SPDX-License-Identifier: Apache-2.0
#include "upstreams/name_watch.hpp"

#include <algorithm>
#include <cassert>
#include <functional>
#include <iterator>
#include <utility>

#include "base/log.hpp"
#include "engine/timeval.hpp"
#include "upstreams/family_order.hpp"

namespace tcpctl {
namespace {

using std::chrono::seconds;

constexpr seconds kMostTtl{3600};
constexpr seconds kLastRetry{10};
constexpr unsigned kMostDoublings = 4;  // beyond kLastRetry

const std::shared_ptr<const AddressList>& no_addresses() {
  static const auto none = std::make_shared<const AddressList>();
  return none;
}

const NameEntry* find_same_host(const std::vector<NameEntry>& entries, const NameEntry& sought) {
  const auto found = std::ranges::find_if(entries, [&](const NameEntry& entry) {
    return entry.host == sought.host && entry.port == sought.port;
  });
  return found == entries.end() ? nullptr : &*found;
}

/// The old one where the new one names the same addresses, so that an answer in another order is no change.
void keep_order(std::vector<NameEntry>& entries, const std::vector<NameEntry>& old) {
  for (auto& entry : entries) {
    const NameEntry* const before = find_same_host(old, entry);
    if (before != nullptr && before->addresses->same_set(*entry.addresses))
      entry.addresses = before->addresses;
  }
}

/// Fills in what an answer says. While a family is missing, its addresses of `before` stay, and with them
/// why: what was said of them, or what the answer says. `before` may be null.
void take(NameEntry& entry, const Resolved& answer, const NameEntry* before) {
  auto addresses = answer.addresses;
  entry.error.clear();
  if (before != nullptr && answer.missing != AF_UNSPEC) {
    const auto& known = before->addresses->all();
    std::ranges::copy_if(known, std::back_inserter(addresses),
                         [&](const Address& address) { return address.family() == answer.missing; });
    addresses.resize(std::min(addresses.size(), Resolved::kMostAddresses));
    if (addresses.size() > answer.addresses.size())
      entry.error = answer.is_final() ? answer.error : before->error;
    order_families(addresses);
  }
  entry.addresses = std::make_shared<const AddressList>(addresses);
}

}  // namespace

bool operator==(const NameEntry& left, const NameEntry& right) {
  return left.host == right.host && left.port == right.port && left.priority == right.priority &&
         left.weight == right.weight && left.error == right.error &&
         left.addresses->same_set(*right.addresses);
}

bool NameState::usable() const {
  return std::ranges::any_of(entries, [](const NameEntry& entry) { return !entry.addresses->empty(); });
}

std::optional<NameState> literal_state(const ConnectAddress& address) {
  using Kind = ConnectAddress::Kind;
  if (address.kind != Kind::literal && address.kind != Kind::unix_path) return std::nullopt;
  NameState state;
  state.entries.push_back({.host = address.address.host(),
                           .port = address.address.port(),
                           .addresses = std::make_shared<const AddressList>(std::vector{address.address})});
  state.looked_up = true;
  return state;
}

/// The hosts that one answer for a service names, and what is known of them so far.
struct NameWatch::Round {
  std::vector<NameEntry> entries;
  seconds ttl;
  std::vector<Resolver::Request> requests{};
  std::vector<bool> is_heard{};  // by entry: something came, but for one family maybe
  std::size_t open{0};           // how many of which more will come
  std::size_t answered{0};
  std::size_t failed{0};  // as a whole, or one family of which addresses were known
  std::string error{};    // of one of them
};

NameWatch::NameWatch(Resolver& resolver, ConnectAddress address, Changed on_change, Refresh refresh)
    : resolver_{resolver},
      address_{std::move(address)},
      on_change_{std::move(on_change)},
      refresh_{refresh},
      random_{std::random_device{}()} {
  if (auto literal = literal_state(address_)) {
    state_ = *std::move(literal);
    return;
  }
  fresh_until_ = Instant{};
  alive_ = std::make_shared<int>();
  timer_.reset(evtimer_new(resolver_.loop().base(), on_timer, this));
  if (refresh_ == Refresh::always) look_up();
}

NameWatch::~NameWatch() = default;

void NameWatch::when_known(Answered answered) {
  assert(refresh_ == Refresh::when_asked || !timer_);
  if (!fresh_until_ || now() < *fresh_until_) {
    answered();
    return;
  }
  waiting_.push_back(std::move(answered));
  if (!request_.is_open()) look_up();
}

void NameWatch::on_timer(evutil_socket_t /*fd*/, short /*what*/, void* self) {
  static_cast<NameWatch*>(self)->look_up();
}

void NameWatch::look_up() {
  if (address_.kind == ConnectAddress::Kind::srv) {
    request_ = resolver_.resolve_srv(address_.name,
                                     [this](Result<SrvAnswer> answer) { on_services(std::move(answer)); });
    return;
  }
  request_ = resolver_.resolve(address_.name, address_.port,
                               [this](Result<Resolved> answer) { on_host(std::move(answer)); });
}

void NameWatch::on_host(Result<Resolved> answer) {
  if (!answer) {
    fail(answer.error().what);
    return;
  }
  NameEntry entry{.host = address_.name, .port = address_.port, .addresses = nullptr};
  take(entry, *answer, find_same_host(state_.entries, entry));
  auto error = entry.error;
  if (answer->is_final()) {
    succeed({std::move(entry)}, answer->ttl, std::move(error));
  } else {
    learn({std::move(entry)}, std::move(error));
  }
}

void NameWatch::on_services(Result<SrvAnswer> answer) {
  if (!answer) {
    fail(answer.error().what);
    return;
  }
  round_ = std::make_unique<Round>(Round{.entries = {}, .ttl = answer->ttl});
  for (const SrvRecord& record : answer->records) {
    const std::size_t place = round_->entries.size();
    round_->entries.push_back({.host = record.host,
                               .port = record.port,
                               .addresses = no_addresses(),
                               .priority = record.priority,
                               .weight = record.weight});
    round_->requests.push_back(resolver_.resolve(
        record.host, record.port,
        [this, place](Result<Resolved> resolved) { on_target(place, std::move(resolved)); }));
  }
  round_->open = round_->requests.size();
  round_->is_heard.resize(round_->open);
}

void NameWatch::on_target(std::size_t place, Result<Resolved> answer) {
  NameEntry& entry = round_->entries[place];
  const NameEntry* const before = find_same_host(state_.entries, entry);
  round_->is_heard[place] = true;
  if (answer) {
    take(entry, *answer, before);
    round_->ttl = std::min(round_->ttl, answer->ttl);
  } else {
    entry.error = answer.error().what;
    if (before != nullptr) entry.addresses = before->addresses;
  }
  const bool is_final = !answer || answer->is_final();
  if (is_final && !entry.error.empty()) {
    ++round_->failed;
    round_->error = entry.error;
  }
  if (is_final) {
    --round_->open;
    round_->answered += answer ? 1 : 0;
  }
  if (round_->open == 0) {
    end_round();
  } else if (std::ranges::all_of(round_->is_heard, std::identity{})) {
    learn(round_->entries, state_.error);
  }
}

void NameWatch::end_round() {
  const auto round = std::move(round_);
  if (round->answered == 0) {
    fail(round->error);
  } else {
    std::string error;
    if (round->failed > 0)
      error = fmt::format("{} of {} hosts failed: {}", round->failed, round->entries.size(), round->error);
    succeed(std::move(round->entries), round->ttl, std::move(error));
  }
}

void NameWatch::learn(std::vector<NameEntry> entries, std::string error) {
  keep_order(entries, state_.entries);
  const bool changed = !state_.looked_up || state_.error != error || entries != state_.entries;
  state_.entries = std::move(entries);
  state_.error = std::move(error);
  fresh_until_ = Instant::max();  // until the rest has come
  tell(changed);
}

void NameWatch::succeed(std::vector<NameEntry> entries, seconds ttl, std::string error) {
  keep_order(entries, state_.entries);
  const bool changed = !state_.looked_up || state_.error != error || entries != state_.entries;
  state_.entries = std::move(entries);
  state_.error = std::move(error);
  if (!state_.error.empty()) {
    settle(changed, retry_pause());
    return;
  }
  failures_ = 0;
  const Duration fresh = std::max<Duration>(std::min(ttl, kMostTtl), resolver_.options().least_ttl);
  std::uniform_int_distribution<Duration::rep> spread{0, fresh.count() / 10};
  settle(changed, fresh + Duration{spread(random_)});
}

void NameWatch::fail(const std::string& error) {
  const bool changed = !state_.looked_up || state_.error != error;
  state_.error = error;
  for (auto& entry : state_.entries) entry.error = error;
  settle(changed, retry_pause());
}

Duration NameWatch::retry_pause() {
  const auto doubled = resolver_.options().first_retry * (1U << std::min(failures_++, kMostDoublings));
  const Duration pause = std::min<Duration>(kLastRetry, doubled);
  std::uniform_int_distribution<Duration::rep> spread{0, pause.count() / 10};
  return pause + Duration{spread(random_)};
}

void NameWatch::settle(bool changed, Duration fresh_for) {
  request_ = {};
  // Nothing known and nobody looking for it: whoever asks next does.
  const bool ask_anew = !state_.usable() && refresh_ == Refresh::when_asked;
  fresh_until_ = ask_anew ? Instant{} : now() + fresh_for;
  if (refresh_ == Refresh::always) {
    const timeval wait = to_timeval(fresh_for);
    evtimer_add(timer_.get(), &wait);
  }
  tell(changed);
}

void NameWatch::tell(bool changed) {
  state_.looked_up = true;
  const auto waiting = std::exchange(waiting_, {});
  const std::weak_ptr<int> alive = alive_;
  if (changed) {
    log_change();
    if (const Changed on_change = on_change_) on_change(state_);  // a copy: it may destroy this
  }
  for (const auto& answered : waiting) {
    if (alive.expired()) return;
    answered();
  }
}

void NameWatch::log_change() const {
  std::vector<std::string> known;
  for (const auto& entry : state_.entries) {
    for (const auto& address : entry.addresses->all()) known.push_back(address.text());
  }
  const auto addresses = fmt::format("{}", fmt::join(known, " "));
  if (state_.error.empty()) {
    log::info("name.resolved", log::f("name", address_.text()), log::f("addresses", addresses));
  } else {
    log::warn("name.failed", log::f("name", address_.text()), log::f("error", state_.error),
              log::f("kept", addresses));
  }
}

}  // namespace tcpctl
