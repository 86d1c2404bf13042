// SPDX-License-Identifier: Apache-2.0
#include "upstreams/srv_answer.hpp"

#include <algorithm>
#include <optional>
#include <tuple>

namespace tcpctl {
namespace {

constexpr std::size_t kLongestName = 253;
constexpr std::size_t kLongestLabel = 63;
constexpr std::uint16_t kTypeCname = 5;
constexpr std::uint16_t kTypeSrv = 33;
constexpr std::uint16_t kClassIn = 1;
constexpr std::uint32_t kMostTtl = 0x7fffffff;  // RFC 2181 section 8: beyond it, 0

/// Reads a message from front to back. Once it ran past the end, everything is 0 and `is_good` false.
class Cursor {
 public:
  explicit Cursor(ByteView message) : message_{message} {}

  [[nodiscard]] bool is_good() const { return good_; }
  [[nodiscard]] std::size_t place() const { return place_; }
  std::uint8_t byte() {
    if (place_ >= message_.size()) return fail();
    return static_cast<std::uint8_t>(message_[place_++]);
  }
  std::uint16_t word() {
    const unsigned high = byte();
    return static_cast<std::uint16_t>(high << 8 | byte());
  }
  std::uint32_t long_word() {
    const std::uint32_t high = word();
    return high << 16 | word();
  }
  void skip(std::size_t count) {
    if (count > message_.size() - place_) {
      fail();
    } else {
      place_ += count;
    }
  }
  /// A name, perhaps compressed: each pointer must lead further to the front, so that it ends. The labels
  /// are joined by dots as they are; "" is the root.
  std::string name();

 private:
  std::uint8_t fail() {
    good_ = false;
    place_ = message_.size();
    return 0;
  }

  ByteView message_;
  std::size_t place_{0};
  bool good_{true};
};

std::string Cursor::name() {
  std::string text;
  std::optional<std::size_t> behind;  // the first pointer
  std::size_t limit = message_.size();
  while (good_) {
    const std::size_t start = place_;
    const std::uint8_t length = byte();
    if (length == 0) break;
    if ((length & 0xc0) == 0xc0) {
      const std::size_t target = (length & 0x3fU) << 8 | byte();
      if (!behind) behind = place_;
      if (target >= std::min(start, limit)) {
        fail();
        break;
      }
      limit = place_ = target;
      continue;
    }
    if (length > kLongestLabel || length > message_.size() - place_ ||
        text.size() + length + 1 > kLongestName + 1) {
      fail();
      break;
    }
    if (!text.empty()) text += '.';
    text.append(message_.data() + place_, length);
    place_ += length;
  }
  if (good_ && behind) place_ = *behind;
  return text;
}

/// Letters, digits, '-' and '_' in labels that are not empty; in lower case. Nothing else goes on to be asked
/// for or shown.
bool make_host(std::string& name) {
  for (char& c : name) {
    const bool is_upper = c >= 'A' && c <= 'Z';
    const bool is_word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    if (!is_upper && !is_word) return false;
    if (is_upper) c = static_cast<char>(c - 'A' + 'a');
  }
  return !name.empty() && name.front() != '.' && name.back() != '.' && name.find("..") == std::string::npos;
}

auto place_of(const SrvRecord& record) { return std::tie(record.priority, record.host, record.port); }

/// Sorted, each host and port once, and not too many.
void tidy(std::vector<SrvRecord>& records) {
  std::ranges::sort(records, [](const auto& a, const auto& b) { return place_of(a) < place_of(b); });
  std::vector<SrvRecord> kept;
  for (auto& record : records) {
    const auto is_same = [&](const auto& other) {
      return other.host == record.host && other.port == record.port;
    };
    if (kept.size() < SrvAnswer::kMostRecords && std::ranges::none_of(kept, is_same))
      kept.push_back(std::move(record));
  }
  records = std::move(kept);
}

struct Found {
  std::vector<SrvRecord> records;
  std::uint32_t ttl{kMostTtl};
  bool nowhere{false};  // the target "." : decidedly not served
  bool any{false};
};

void read_record(Cursor& cursor, Found& found) {
  (void)cursor.name();
  const std::uint16_t type = cursor.word();
  const std::uint16_t klass = cursor.word();
  const std::uint32_t ttl = cursor.long_word();
  const std::uint16_t length = cursor.word();
  if (!cursor.is_good()) return;
  const std::size_t data = cursor.place();
  if (klass == kClassIn && (type == kTypeSrv || type == kTypeCname))
    found.ttl = std::min(found.ttl, ttl > kMostTtl ? 0 : ttl);
  if (klass != kClassIn || type != kTypeSrv) {
    cursor.skip(length);
    return;
  }
  SrvRecord record;
  record.priority = cursor.word();
  record.weight = cursor.word();
  record.port = cursor.word();
  record.host = cursor.name();
  if (!cursor.is_good()) return;
  if (cursor.place() != data + length) {
    cursor.skip(SIZE_MAX);
    return;
  }
  found.any = true;
  if (record.host.empty()) {
    found.nowhere = true;
  } else if (record.port != 0 && make_host(record.host)) {
    found.records.push_back(std::move(record));
  }
}

}  // namespace

Result<SrvAnswer> parse_srv_answer(ByteView message) {
  Cursor cursor{message};
  cursor.skip(2);  // the id, which c-ares has compared
  const bool is_response = (cursor.word() & 0x8000U) != 0;
  const std::uint16_t questions = cursor.word();
  const std::uint16_t answers = cursor.word();
  cursor.skip(4);
  for (unsigned i = 0; i < questions && cursor.is_good(); ++i) {
    (void)cursor.name();
    cursor.skip(4);
  }
  Found found;
  for (unsigned i = 0; i < answers && cursor.is_good(); ++i) read_record(cursor, found);
  if (!cursor.is_good() || !is_response) return fail(Errc::io, "the answer is no DNS message");
  tidy(found.records);
  if (!found.records.empty()) return SrvAnswer{std::move(found.records), std::chrono::seconds{found.ttl}};
  if (found.nowhere) return fail(Errc::not_found, "the service is not available there (SRV target '.')");
  return fail(Errc::not_found,
              found.any ? "the SRV records name no host and port" : "the name has no SRV record");
}

}  // namespace tcpctl
