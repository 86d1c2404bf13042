// SPDX-License-Identifier: Apache-2.0
#include "upstreams/pool.hpp"

#include <utility>

namespace tcpctl {

struct Pool::Shared {
  struct Upstream {
    Upstream(Resolver& resolver, const ConnectAddress& address) : addresses{resolver, address} {}
    AddressBook addresses;
    std::size_t next_address{0};
  };
  std::size_t worker{0};
  std::shared_ptr<const ForwardPlan> plan;
  std::vector<std::unique_ptr<Upstream>> upstreams;

  [[nodiscard]] UpstreamShare& share(const Target& target) const {
    return plan->upstreams[target.index].stats->share(worker);
  }
};

class Pool::Session final : public TargetSource {
 public:
  Session(std::shared_ptr<Shared> shared, std::size_t first) : shared_{std::move(shared)}, next_{first} {}

  void next(std::function<void(Result<Target>)> answer) override {
    const std::size_t index = next_++ % shared_->upstreams.size();
    auto& upstream = *shared_->upstreams[index];
    // Weakly: the waiting answer is kept in what is shared, and would keep that for ever.
    upstream.addresses.get(
        [weak = std::weak_ptr{shared_}, index, answer = std::move(answer)](const auto& addresses) {
          const auto shared = weak.lock();
          if (!shared) return;
          if (!addresses) {
            answer(tl::make_unexpected(addresses.error()));
            return;
          }
          auto& chosen = *shared->upstreams[index];
          const auto& address = (*addresses)[chosen.next_address++ % addresses->size()];
          answer(Target{address, shared->plan->upstreams[index].name, index});
        });
  }

  void connected(const Target& target, Duration took) override {
    UpstreamShare& share = shared_->share(target);
    share.active.add();
    share.connections.add();
    share.connect_time.add(std::chrono::duration<double>(took).count());
  }

  void failed(const Target& target, Reason reason) override {
    shared_->share(target).failures[static_cast<std::size_t>(reason)].add();
  }

  void ended(const Target& target) override { shared_->share(target).active.sub(); }

 private:
  const std::shared_ptr<Shared> shared_;
  std::size_t next_;
};

Pool::Pool(std::size_t worker, Resolver& resolver, std::shared_ptr<const ForwardPlan> plan)
    : plan_{std::move(plan)}, shared_{std::make_shared<Shared>()} {
  shared_->worker = worker;
  shared_->plan = plan_;
  for (const auto& upstream : plan_->upstreams) {
    shared_->upstreams.push_back(std::make_unique<Shared::Upstream>(resolver, upstream.address));
  }
}

std::unique_ptr<TargetSource> Pool::session() { return std::make_unique<Session>(shared_, next_++); }

}  // namespace tcpctl
