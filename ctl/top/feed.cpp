// SPDX-License-Identifier: Apache-2.0
#include "ctl/top/feed.hpp"

#include <algorithm>
#include <csignal>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "ctl/problems.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl::top {
namespace {

constexpr std::size_t kEventsKept = 1000;
constexpr std::size_t kMostPages = 100;
constexpr std::size_t kMostForwards = 20;  // whose upstreams are asked for each time

/// Signals are for the thread that has the terminal.
std::thread quiet_thread(std::function<void()> run) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  std::thread thread{std::move(run)};
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

std::string path_of(const Subject& subject) {
  const auto name = percent_encoded(subject.name);
  switch (subject.of) {
    case Tab::listeners:
      return "/v1/listeners/" + name;
    case Tab::clients:
      return "/v1/clients/" + name;
    case Tab::connections:
    case Tab::events:
      break;
  }
  return "/v1/connections/" + name;
}

}  // namespace

Feed::Feed(const Client& client, std::chrono::milliseconds interval)
    : client_{client},
      told_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)},
      interval_{interval},
      thread_{quiet_thread([this] { run(); })} {}

Feed::~Feed() {
  {
    const std::lock_guard lock{mutex_};
    is_over_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Feed::want(Wish wish) {
  {
    const std::lock_guard lock{mutex_};
    wish_ = std::move(wish);
    is_wanted_ = true;
  }
  changed_.notify_one();
}

void Feed::set_interval(std::chrono::milliseconds interval) {
  {
    const std::lock_guard lock{mutex_};
    interval_ = interval;
  }
  changed_.notify_one();
}

void Feed::act(Action action) {
  {
    const std::lock_guard lock{mutex_};
    actions_.push_back(std::move(action));
  }
  changed_.notify_one();
}

Feed::News Feed::take() {
  std::uint64_t count = 0;
  (void)!::read(told_.get(), &count, sizeof count);
  const std::lock_guard lock{mutex_};
  return std::exchange(news_, {});
}

void Feed::run() {
  auto due = now();
  while (true) {
    std::deque<Action> actions;
    Wish wish;
    {
      std::unique_lock lock{mutex_};
      changed_.wait_until(lock, due, [this] { return is_over_ || is_wanted_ || !actions_.empty(); });
      if (is_over_) return;
      is_wanted_ = false;
      actions = std::exchange(actions_, {});
      wish = wish_;
      due = now() + interval_;
    }
    for (const auto& action : actions) tell(carry_out(action));
    look(wish);
  }
}

void Feed::look(const Wish& wish) {
  Snapshot next = last_;
  const auto seen = look_at_all(wish, next);
  if (seen) {
    next.trouble.clear();
    next.lost_at.reset();
    next.is_whole = true;
    next.at = now();
    last_ = std::move(next);
  } else {
    last_.trouble = seen.error().line;
    if (!last_.lost_at) last_.lost_at = wall_now();
  }
  {
    const std::lock_guard lock{mutex_};
    news_.snapshot = last_;
  }
  tell({});
}

void Feed::tell(std::string message) {
  if (!message.empty()) {
    const std::lock_guard lock{mutex_};
    news_.messages.push_back(std::move(message));
  }
  const std::uint64_t one = 1;
  (void)!::write(told_.get(), &one, sizeof one);
}

Answer<Json> Feed::get(const std::string& path) const {
  Call call;
  call.path = path;
  call.patience = kPatience;
  const auto reply = client_.request(call);
  if (!reply) return tl::make_unexpected(reply.error());
  auto json = Json::parse(reply->body);
  if (!json) return refuse(Exit::failed, "the daemon's answer is no JSON");
  return *std::move(json);
}

Answer<std::vector<Json>> Feed::list(const std::string& path) const {
  std::vector<Json> all;
  std::string cursor;
  for (std::size_t page = 0; page < kMostPages; ++page) {
    Query query;
    query.add("limit", "1000");
    if (!cursor.empty()) query.add("cursor", cursor);
    const auto answer = get(path + query.text());
    if (!answer) return tl::make_unexpected(answer.error());
    std::ranges::move(answer->items("items"), std::back_inserter(all));
    cursor = answer->text("next").value_or("");
    if (cursor.empty()) break;
  }
  return all;
}

Answer<void> Feed::look_at_all(const Wish& wish, Snapshot& next) {
  auto status = get("/v1/status");
  if (!status) return tl::make_unexpected(status.error());
  next.status = *std::move(status);
  auto listeners = list("/v1/listeners");
  if (!listeners) return tl::make_unexpected(listeners.error());
  next.listeners = with_upstreams(*std::move(listeners), kMostForwards,
                                  [this](const std::string& path) { return get(path); });
  auto clients = list("/v1/clients");
  if (!clients) return tl::make_unexpected(clients.error());
  next.clients = *std::move(clients);
  next.subject = wish.subject;
  if (wish.subject) return look_at_subject(*wish.subject, next);
  if (wish.tab == Tab::connections) return look_at_connections(wish, next);
  if (wish.tab == Tab::events) return look_at_events(next);
  return {};
}

Answer<void> Feed::look_at_connections(const Wish& wish, Snapshot& next) {
  auto query = wish.connections;
  const auto page = get("/v1/connections" + query.add("limit", std::to_string(wish.limit)).text());
  next.mistake.clear();
  if (page) {
    next.connections = page->items("items");
    next.connections_total = page->count("total").value_or(next.connections.size());
    return {};
  }
  if (page.error().exit == Exit::unreachable) return tl::make_unexpected(page.error());
  next.mistake = page.error().line;
  return {};
}

Answer<void> Feed::look_at_events(Snapshot& next) {
  const auto page = get("/v1/events?limit=1000" + (seen_ == "0" ? std::string{} : "&since=" + seen_));
  if (!page) {
    if (page.error().exit == Exit::unreachable) return tl::make_unexpected(page.error());
    next.mistake = page.error().line;
    return {};
  }
  // A daemon that was started anew begins to count anew, and says where.
  const auto since = page->count("since");
  if (since && seen_ != "0" && std::to_string(*since) != seen_) next.events.clear();
  auto items = page->items("items");
  std::ranges::reverse(items);
  items.insert(items.end(), next.events.begin(), next.events.end());
  if (items.size() > kEventsKept) items.resize(kEventsKept);
  next.events = std::move(items);
  if (const auto number = page->count("next")) seen_ = std::to_string(*number);
  return {};
}

Answer<void> Feed::look_at_subject(const Subject& subject, Snapshot& next) {
  auto facts = get(path_of(subject));
  next.other.reset();
  if (!facts) {
    if (facts.error().exit == Exit::unreachable) return tl::make_unexpected(facts.error());
    next.facts = {};
    next.mistake = facts.error().line;
    return {};
  }
  next.facts = *std::move(facts);
  if (const auto id = next.facts.text("peer_id"); id && subject.of == Tab::connections) {
    if (auto other = get("/v1/connections/" + percent_encoded(*id))) next.other = *std::move(other);
  }
  return {};
}

std::string Feed::carry_out(const Action& action) const {
  auto call = action.call;
  call.patience = kPatience;
  const auto reply = client_.request(call);
  return reply ? action.done : reply.error().line;
}

}  // namespace tcpctl::ctl::top
