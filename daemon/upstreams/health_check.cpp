// SPDX-License-Identifier: Apache-2.0
#include "upstreams/health_check.hpp"

#include <algorithm>
#include <utility>

namespace tcpctl {

HealthCheck::HealthCheck(Worker& worker, std::shared_ptr<const ProbePlan> plan, Duration interval,
                         Where where, Done done)
    : worker_{worker},
      plan_{std::move(plan)},
      interval_{interval},
      where_{std::move(where)},
      done_{std::move(done)},
      random_{std::random_device{}()} {
  std::uniform_int_distribution<Duration::rep> within{0, interval_.count()};
  run_at(now() + Duration{within(random_)});
}

void HealthCheck::run_at(Instant when) {
  next_run_ = when;
  worker_.wheel().set(*this, when);
}

Duration HealthCheck::jittered() {
  const auto tenth = interval_.count() / 10;
  std::uniform_int_distribution<Duration::rep> spread{-tenth, tenth};
  return interval_ + Duration{spread(random_)};
}

void HealthCheck::hurry() {
  if (run_) return;
  std::uniform_int_distribution<Duration::rep> soon{0, interval_.count() / 10};
  run_at(now() + Duration{soon(random_)});
}

void HealthCheck::on_deadline() {
  worker_.tick();
  // From the beginning of the run: a slow upstream is not checked less often. A run that takes longer than
  // the interval lets the next one wait.
  run_at(worker_.time() + jittered());
  auto addresses = where_();
  if (run_ || addresses->empty()) return;
  run_ = std::make_unique<ProbeRun>(worker_, plan_, turn_++, [this](ProbeRow row) {
    const auto over = std::move(run_);  // it lives until its callback is over
    done_(std::move(row));
  });
  run_->dial({std::move(addresses)});
}

}  // namespace tcpctl
