// SPDX-License-Identifier: Apache-2.0
#include "endpoints/target_probes.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "upstreams/name_watch.hpp"
#include "upstreams/probe_run.hpp"

namespace tcpctl {
namespace {

constexpr Duration kCloseWait = std::chrono::milliseconds{500};

bool is_allowed(const std::vector<Network>& networks, const Address& address) {
  return std::ranges::any_of(networks, [&](const Network& network) { return network.contains(address); });
}

/// The same without the addresses that are not allowed.
NameState allowed_part(NameState state, const std::vector<Network>& networks) {
  for (NameEntry& entry : state.entries) {
    std::vector<Address> kept;
    std::ranges::copy_if(entry.addresses->all(), std::back_inserter(kept),
                         [&](const Address& address) { return is_allowed(networks, address); });
    entry.addresses = std::make_shared<const AddressList>(kept);
  }
  return state;
}

Error not_allowed(const ConnectAddress& target, const NameState& state) {
  std::vector<std::string> addresses;
  for (const auto& entry : state.entries) {
    for (const auto& address : entry.addresses->all()) addresses.push_back(address.host());
  }
  const bool is_name = target.kind == ConnectAddress::Kind::host;
  const auto where = is_name ? fmt::format(" ({})", fmt::join(addresses, ", ")) : std::string{};
  return {Errc::denied,
          fmt::format("target '{}'{} is in none of api.probe_targets; to probe others takes the "
                      "role operate",
                      target.text(), where)};
}

}  // namespace

class TargetProbes::Run {
 public:
  using Over = std::function<void(Result<ProbeRow>)>;

  Run(Worker& worker, Resolver& resolver, TargetProbe probe, Over over)
      : probe_{std::move(probe)},
        over_{std::move(over)},
        names_{resolver, probe_.target, {}, NameWatch::Refresh::when_asked},
        run_{worker,
             std::make_shared<const ProbePlan>(ProbePlan{.dial = dial_options(*probe_.module),
                                                         .steps = probe_.module->steps,
                                                         .timeout = probe_.timeout,
                                                         .close_wait = kCloseWait}),
             0, [this](ProbeRow row) { end(std::move(row)); }} {}

  /// That may be the end of it.
  void start() {
    names_.when_known([this] { connect(); });
  }

 private:
  void connect() {
    if (probe_.target.kind == ConnectAddress::Kind::host) run_.note_resolved();
    if (!names_.state().usable()) {
      run_.fail("L4UNR", names_.state().error);
      return;
    }
    if (!probe_.allowed) {
      run_.dial(names_.state());
      return;
    }
    const NameState allowed = allowed_part(names_.state(), *probe_.allowed);
    if (allowed.usable()) {
      run_.dial(allowed);
    } else {
      end(tl::make_unexpected(not_allowed(probe_.target, names_.state())));
    }
  }
  /// Destroys this.
  void end(Result<ProbeRow> row) {
    const Over over = over_;
    over(std::move(row));
  }

  const TargetProbe probe_;
  const Over over_;
  NameWatch names_;
  ProbeRun run_;
};

TargetProbes::TargetProbes(Worker& worker, Resolver& resolver) : worker_{worker}, resolver_{resolver} {}
TargetProbes::~TargetProbes() = default;

void TargetProbes::run(const TargetProbe& probe, Done done) {
  worker_.loop().assert_here();
  worker_.tick();
  const auto over = [this, number = ++last_, done = std::move(done)](Result<ProbeRow> row) {
    const auto found = runs_.find(number);
    const auto run = std::move(found->second);  // it lives until its callback is over
    runs_.erase(found);
    done(std::move(row));
  };
  auto& made = runs_[last_] = std::make_unique<Run>(worker_, resolver_, probe, over);
  made->start();
}

void TargetProbes::stop() { runs_.clear(); }

}  // namespace tcpctl
