// SPDX-License-Identifier: Apache-2.0
#include "endpoints/byte_ring.hpp"

#include <algorithm>
#include <string>

namespace tcpctl {
namespace {

constexpr std::size_t kLeast = 256;

/// Calls `piece(place, length)` for the one or two runs in a ring of `size` that the offsets stand for.
template <class Piece>
void for_runs(std::uint64_t from, std::uint64_t until, std::size_t size, Piece piece) {
  while (from < until) {
    const auto place = static_cast<std::size_t>(from % size);
    const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(until - from, size - place));
    piece(place, length);
    from += length;
  }
}

}  // namespace

void ByteRing::add(ByteView bytes) {
  if (bytes.empty()) return;
  const ByteView kept = bytes.last(std::min(bytes.size(), limit_));
  end_ += bytes.size() - kept.size();
  grow_for(kept.size());
  put(kept);
  drop_oldest();
}

ByteRing::Saved ByteRing::save() const {
  Saved saved{.begin = begin_, .taken = taken_, .overwritten = overwritten_};
  while (begin_ + saved.bytes.size() < end_) saved.bytes += read(begin_ + saved.bytes.size()).data;
  return saved;
}

void ByteRing::restore(const Saved& saved) {
  begin_ = end_ = saved.begin;
  taken_ = std::max(saved.taken, saved.begin);
  overwritten_ = saved.overwritten;
  add(as_bytes(saved.bytes));
}

void ByteRing::drop_oldest() {
  begin_ = std::max(begin_, end_ - std::min<std::uint64_t>(end_, limit_));
  if (taken_ < begin_) {
    overwritten_ += begin_ - taken_;
    taken_ = begin_;
  }
}

void ByteRing::set_limit(std::size_t limit) {
  limit_ = limit;
  drop_oldest();
  if (data_.size() > limit_) resize(limit_);
}

/// So that all bytes there are and `bytes` more have room, up to the limit.
void ByteRing::grow_for(std::size_t bytes) {
  const std::uint64_t held = std::min<std::uint64_t>(end_ - begin_, data_.size());
  const auto needed = static_cast<std::size_t>(std::min<std::uint64_t>(held + bytes, limit_));
  if (needed > data_.size()) resize(std::min(limit_, std::max({needed, 2 * data_.size(), kLeast})));
}

void ByteRing::resize(std::size_t size) {
  std::vector<char> moved(size);
  std::uint64_t offset = end_ - std::min<std::uint64_t>(end_ - begin_, data_.size());
  for_runs(offset, end_, data_.size(), [&](std::size_t place, std::size_t length) {
    for (std::size_t i = 0; i < length; ++i) moved[(offset++) % moved.size()] = data_[place + i];
  });
  data_ = std::move(moved);
}

void ByteRing::put(ByteView bytes) {
  const char* source = bytes.data();
  for_runs(end_, end_ + bytes.size(), data_.size(), [&](std::size_t place, std::size_t length) {
    std::copy_n(source, length, data_.data() + place);
    source += length;
  });
  end_ += bytes.size();
}

ReceivedRow ByteRing::read(std::uint64_t from) const {
  const std::uint64_t first = std::clamp(from, begin_, end_);
  const std::uint64_t next = std::min<std::uint64_t>(end_, first + kMostRead);
  ReceivedRow row{.from = first,
                  .next = next,
                  .lost = first > from ? first - from : 0,
                  .overwritten = overwritten_,
                  .data = {}};
  row.data.reserve(static_cast<std::size_t>(next - first));
  for_runs(first, next, std::max<std::size_t>(data_.size(), 1),
           [&](std::size_t place, std::size_t length) { row.data.append(data_.data() + place, length); });
  return row;
}

bool ByteRing::take(std::uint64_t until) {
  if (until > end_) return false;
  taken_ = std::max(taken_, until);
  return true;
}

}  // namespace tcpctl
