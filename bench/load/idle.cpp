// SPDX-License-Identifier: Apache-2.0
// Idle: connections that have exchanged one message and then stand, for measuring memory.
#include <memory>
#include <vector>

#include "echo_stream.hpp"
#include "workload.hpp"

namespace tcpctl::bench {
namespace {

class Idle final : public Workload {
 public:
  explicit Idle(const Plan& plan) : plan_{plan} {}

  void prepare() override {
    for (std::uint64_t i = 0; i < plan_.connections; ++i) {
      streams_.push_back(EchoStream::open(plan_.to, plan_.message_bytes));
    }
  }

  void run() override { outcome_.units = streams_.size(); }

 private:
  const Plan plan_;
  std::vector<EchoStream> streams_;
};

}  // namespace

std::unique_ptr<Workload> make_idle(const Plan& plan) { return std::make_unique<Idle>(plan); }

}  // namespace tcpctl::bench
