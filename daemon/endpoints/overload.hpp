// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "connections/worker.hpp"
#include "endpoints/crew.hpp"
#include "engine/wheel.hpp"

namespace tcpctl {

/// Makes room on one worker while the daemon is nearly full.
///
/// From 90 % of the daemon's limit on, descriptors that only wait for their peer's FIN are given up; where
/// that does not do, the configured idle timeouts shrink, down to a tenth at 100 %; who has none configured
/// gets none. It looks twice a second for as long as it is so, and has no timer otherwise. Threads: only on
/// the worker's loop.
class OverloadWatch : private Deadline {
 public:
  OverloadWatch(Worker& worker, const Crew& crew) : worker_{worker}, crew_{crew} {}

  /// Begins to look after the worker, where the daemon is nearly full and it does not yet. At each look it
  /// has the other workers begin, too.
  void begin();

 private:
  void on_deadline() override;
  void tell_others() const;
  void make_room();
  void log(const char* event) const;

  Worker& worker_;
  const Crew& crew_;
};

}  // namespace tcpctl
