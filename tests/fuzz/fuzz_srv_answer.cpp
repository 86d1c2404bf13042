// SPDX-License-Identifier: Apache-2.0
// The reader of SRV answers: whatever comes from the network, what it tells is bounded and fit to be asked
// for.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/address.hpp"
#include "upstreams/srv_answer.hpp"

namespace {

using namespace tcpctl;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto answer = parse_srv_answer({reinterpret_cast<const char*>(data), size});
  if (!answer) {
    require(!answer.error().what.empty());
    return 0;
  }
  require(!answer->records.empty() && answer->records.size() <= SrvAnswer::kMostRecords);
  require(answer->ttl.count() >= 0 && answer->ttl.count() <= 0x7fffffff);
  const SrvRecord* before = nullptr;
  for (const auto& record : answer->records) {
    require(!record.host.empty() && record.host.size() <= 253 && record.port != 0);
    for (const char c : record.host) require(c > ' ' && c <= 'z' && !(c >= 'A' && c <= 'Z') && c != '/');
    require(before == nullptr || before->priority <= record.priority);
    before = &record;
  }
  return 0;
}
