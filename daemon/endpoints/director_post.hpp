// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "endpoints/crew.hpp"
#include "upstreams/pool.hpp"

namespace tcpctl {

/// The way from a pool to the director of its listener: tasks for the hub that has it. One for a director
/// that is gone does nothing. Threads: the pool's loop.
class DirectorPost final : public DirectorDoor {
 public:
  DirectorPost(const Crew& crew, std::size_t here, std::size_t director, std::string listener)
      : crew_{crew}, here_{here}, director_{director}, listener_{std::move(listener)} {}

  void wait(Ticket ticket, bool again) override;
  void leave(Ticket ticket) override;
  void admitted(Ticket ticket) override;
  void freed() override;
  void failed(std::shared_ptr<UpstreamStats> upstream, Reason reason, std::uint64_t count) override;

 private:
  template <class Task>
  void post(Task task) const;

  const Crew& crew_;
  const std::size_t here_;
  const std::size_t director_;  // its worker
  const std::string listener_;
};

}  // namespace tcpctl
