// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "base/log_record.hpp"
#include "connections/history.hpp"
#include "stats/counter.hpp"

namespace tcpctl {

/// What the access log says of a connection: that it begins, or how it ended. Threads: a plain value.
struct AccessLine {
  enum class Kind : std::uint8_t { start, end };
  Kind kind;
  History::Entry entry;
};

/// Lines of one loop, in the order in which it saw them.
struct AccessBatch {
  std::vector<AccessLine> lines;
  std::shared_ptr<Counter> taken;  // whoever is done with the batch adds one
};

/// The fields of `line`, named as the API names them; one that is not known is bare and empty.
[[nodiscard]] std::vector<log::Field> access_fields(const AccessLine& line);
/// The line as a sink takes it: `access.start` or `access.end`, at its moment. The views point into `fields`.
[[nodiscard]] log::Record access_record(const AccessLine& line, const std::vector<log::Field>& fields);

}  // namespace tcpctl
