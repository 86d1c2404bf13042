// SPDX-License-Identifier: Apache-2.0
#include "connections/access_outlet.hpp"

#include <iterator>
#include <utility>

namespace tcpctl {

void AccessOutlet::add(AccessLine::Kind kind, const History::Entry& entry) {
  if (lines_.size() >= kMost && has_room()) give();
  if (lines_.size() >= kMost && !is_last_) {
    dropped_.add();
    return;
  }
  lines_.push_back({kind, entry});
  if (!is_set()) wheel_.set(*this, now() + kDelay);
}

void AccessOutlet::on_deadline() {
  if (has_room()) {
    give();
  } else {
    wheel_.set(*this, now() + kDelay);
  }
}

void AccessOutlet::give() {
  if (lines_.empty()) return;
  ++given_;
  // A copy of just their size is on its way; the room they were collected in serves again.
  AccessBatch batch;
  batch.taken = taken_;
  batch.lines.assign(std::make_move_iterator(lines_.begin()), std::make_move_iterator(lines_.end()));
  lines_.clear();
  door_(std::move(batch));
}

}  // namespace tcpctl
