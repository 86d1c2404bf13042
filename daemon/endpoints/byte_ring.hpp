// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "stats/snapshot.hpp"

namespace tcpctl {

/// The last bytes of a stream, readable by their offset in it. It takes memory as bytes come, up to its
/// limit; then the oldest give way.
///
/// Threads: one owner.
class ByteRing {
 public:
  explicit ByteRing(std::size_t limit) : limit_{limit} {}

  /// Where there are more bytes than the new limit, the oldest go.
  void set_limit(std::size_t limit);
  void add(ByteView bytes);
  struct Saved {
    std::uint64_t begin{0}, taken{0}, overwritten{0};
    std::string bytes{};  // from `begin` on
  };
  /// All there is, for a ring elsewhere to go on with.
  [[nodiscard]] Saved save() const;
  /// Of a ring to which nothing was added yet.
  void restore(const Saved& saved);
  static constexpr std::size_t kMostRead = 1024UL * 1024;
  /// What is there from the offset `from` on, at most kMostRead; the rest is to be asked for from `next` on.
  [[nodiscard]] ReceivedRow read(std::uint64_t from) const;
  /// Somebody has all before the offset `until`. False where not so many came: then it is of another ring,
  /// and says nothing.
  [[nodiscard]] bool take(std::uint64_t until);
  /// Somebody has all before this offset, or it was overwritten.
  [[nodiscard]] std::uint64_t taken() const { return taken_; }
  /// How many bytes nobody has, and could be added so that none of them is lost.
  [[nodiscard]] std::size_t untaken() const { return static_cast<std::size_t>(end_ - taken_); }
  [[nodiscard]] std::size_t room() const { return limit_ - untaken(); }
  /// Those that were lost so, since the start.
  [[nodiscard]] std::uint64_t overwritten() const { return overwritten_; }

 private:
  void grow_for(std::size_t bytes);
  void drop_oldest();
  /// Moves the bytes that are held into a ring of this size.
  void resize(std::size_t size);
  void put(ByteView bytes);

  std::size_t limit_;
  std::vector<char> data_;  // the byte of offset n is at n % its size
  std::uint64_t begin_{0}, end_{0};
  std::uint64_t taken_{0};  // begin_ .. end_
  std::uint64_t overwritten_{0};
};

}  // namespace tcpctl
