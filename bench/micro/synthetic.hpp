// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/address.hpp"
#include "connections/connection.hpp"
#include "connections/worker.hpp"
#include "engine/loop.hpp"

namespace tcpctl::bench {

/// How many entries stand while an operation is measured: flat means that the last costs what the first does,
/// but for the caches of the machine.
inline void sizes(benchmark::internal::Benchmark* of) {
  for (const std::int64_t size : {1'000, 10'000, 100'000, 1'000'000}) of->Arg(size);
}

/// A connection without a socket.
class Synthetic final : public Connection {
 public:
  Synthetic(Worker& worker, OwnerPtr owner, const Address& remote)
      : Connection{worker, std::move(owner), Direction::inbound, Stage::open, Fd{}, remote} {}

 private:
  void on_ready() override {}
};

/// One worker with any number of them. Its loop never runs.
class Crowd {
 public:
  explicit Crowd(std::size_t connections) {
    owner_->kind = Owner::Kind::listener;
    owner_->name = "synthetic";
    owner_->service = "echo";
    owner_->stats = std::make_shared<PartyStats>(1);
    ids_.reserve(connections);
    for (std::size_t i = 0; i < connections; ++i) ids_.push_back(add().facts().id);
  }

  Connection& add() {
    auto made = std::make_unique<Synthetic>(worker_, owner_, Address{});
    Connection& connection = *made;
    worker_.adopt(std::move(made));
    return connection;
  }

  [[nodiscard]] Worker& worker() { return worker_; }
  /// One turn of the loop, in which what was retired is freed.
  void turn() { event_base_loop(loop_.base(), EVLOOP_NONBLOCK); }
  [[nodiscard]] ConnectionId any() { return ids_[random_() % ids_.size()]; }

 private:
  Loop loop_{"synthetic"};
  Worker worker_{0, loop_, 1000};
  std::shared_ptr<Owner> owner_ = std::make_shared<Owner>();
  std::vector<ConnectionId> ids_;
  std::minstd_rand random_{2006};
};

}  // namespace tcpctl::bench
