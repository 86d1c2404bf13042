// SPDX-License-Identifier: Apache-2.0
#include "app/crew_threads.hpp"

#include <future>
#include <string>

#include "engine/thread.hpp"

namespace tcpctl {

CrewThreads::Member::Member(std::size_t index, const Crew& crew, std::size_t history_entries,
                            std::size_t pipes, const Resolver::Options& dns)
    : loop{"worker-" + std::to_string(index + 1)},
      worker{index, loop, history_entries, pipes},
      hub{worker, crew, dns} {}

CrewThreads::CrewThreads(std::size_t workers, std::uint64_t max_connections, std::size_t history_entries,
                         std::size_t pipes, const Resolver::Options& dns) {
  set_max_connections(max_connections);
  for (std::size_t i = 0; i < workers; ++i) {
    // Rounded up, so that a short history is one on every worker.
    members_.push_back(
        std::make_unique<Member>(i, crew_, (history_entries + workers - 1) / workers, pipes, dns));
    Member& member = *members_.back();
    crew_.members.push_back({&member.loop, &member.hub, &member.worker.load()});
  }
}

CrewThreads::~CrewThreads() { stop(); }

void CrewThreads::keep_records(bool keep) {
  keeps_records_ = keep;
  for (auto& member : members_) member->worker.keep_records(keep);
}

void CrewThreads::start() {
  for (auto& member : members_)
    member->thread = named_thread(member->loop.name(), [loop = &member->loop] { loop->run(); });
}

std::vector<Watchdog::Watched> CrewThreads::watched() {
  std::vector<Watchdog::Watched> watched;
  for (auto& member : members_)
    watched.push_back(
        {member->loop.name(), [loop = &member->loop](Loop::Task task) { loop->post(std::move(task)); }});
  return watched;
}

void CrewThreads::stop() {
  for (auto& member : members_) member->loop.stop();
  for (auto& member : members_) {
    if (member->thread.joinable()) member->thread.join();
  }
}

void CrewThreads::settle() {
  const auto deadline = std::chrono::steady_clock::now() + kSettleTime;
  std::vector<std::future<void>> done;
  for (std::size_t i = 0; i < size(); ++i) {
    auto promise = std::make_shared<std::promise<void>>();
    done.push_back(promise->get_future());
    post(i, [promise](Hub&) { promise->set_value(); });
  }
  for (const auto& one : done) one.wait_until(deadline);
}

std::uint64_t CrewThreads::connections_opened() const {
  std::uint64_t sum = 0;
  for (const auto& member : members_) sum += member->worker.opened().read();
  return sum;
}

}  // namespace tcpctl
