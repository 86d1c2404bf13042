// SPDX-License-Identifier: Apache-2.0
#include "upstreams/resolver.hpp"

#include <optional>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>

#include "base/text.hpp"
#include "upstreams/ares_channel.hpp"

namespace tcpctl {
namespace {

constexpr std::size_t kLongestName = 253;  // RFC 1035 section 2.3.4, written without the last dot

/// Which state of a file was read: a change of any of these is a new one.
struct FileStamp {
  dev_t device{};
  ino_t inode{};
  off_t size{};
  std::int64_t seconds{};
  std::int64_t nanoseconds{};
  std::int64_t changed_seconds{};  // of the inode
  std::int64_t changed_nanoseconds{};
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

FileStamp stamp_of(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return {};
  return {status.st_dev,          status.st_ino,         status.st_size,        status.st_mtim.tv_sec,
          status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec};
}

std::optional<Address> literal(std::string_view host, std::uint16_t port) {
  const bool is_v6 = host.find(':') != std::string_view::npos;
  const auto address =
      parse_ip_port(is_v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port));
  if (!address) return std::nullopt;
  return *address;
}

bool is_final(const Result<Resolved>& result) { return !result || result->is_final(); }
bool is_final(const Result<SrvAnswer>& /*result*/) { return true; }

/// Answers later by `callback`, unless that or `asked` is gone by then: c-ares must not be destroyed below
/// its own callback, and the caller may do just that. Nothing follows what is final.
template <class T>
auto deferred(Loop& loop, std::weak_ptr<void> asked,
              const std::shared_ptr<std::function<void(Result<T>)>>& callback) {
  return [&loop, asked = std::move(asked), request = std::weak_ptr{callback}](const Result<T>& result) {
    loop.post([asked, request, result] {
      const auto open = request.lock();
      if (!open || asked.expired()) return;
      if (const auto call = is_final(result) ? std::exchange(*open, nullptr) : *open) call(result);
    });
  };
}

bool is_askable(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName + 1 && name.find('\0') == std::string_view::npos;
}

}  // namespace

/// The channel in use, and those of an older resolv.conf that still have queries in flight.
class Resolver::Channels {
 public:
  Channels(Loop& loop, Options options) : loop_{loop}, options_{std::move(options)} {}

  [[nodiscard]] const Options& options() const { return options_; }
  Result<AresChannel*> current() {
    std::erase_if(retired_, [](const auto& channel) { return channel->is_idle(); });
    const auto stamp = options_.servers.empty() ? stamp_of(options_.resolv_conf) : FileStamp{};
    if (current_ && stamp == stamp_) return current_.get();
    auto fresh = AresChannel::open(loop_, options_);
    if (!fresh) return tl::make_unexpected(std::move(fresh).error());
    if (current_) retired_.push_back(std::move(current_));
    current_ = *std::move(fresh);
    stamp_ = stamp;
    return current_.get();
  }

 private:
  Loop& loop_;
  const Options options_;
  std::unique_ptr<AresChannel> current_;
  std::vector<std::unique_ptr<AresChannel>> retired_;
  FileStamp stamp_;
};

Resolver::Resolver(Loop& loop) : Resolver{loop, Options{}} {}

Resolver::Resolver(Loop& loop, Options options)
    : loop_{loop}, channels_{std::make_shared<Channels>(loop, std::move(options))} {}

Resolver::~Resolver() = default;

const Resolver::Options& Resolver::options() const { return channels_->options(); }

Resolver::Request Resolver::resolve(std::string_view host, std::uint16_t port, Callback callback) {
  loop_.assert_here();
  const auto held = std::make_shared<Callback>(std::move(callback));
  const auto answer = deferred(loop_, channels_, held);
  if (const auto address = literal(host, port)) {
    answer(Resolved{.addresses = {*address}, .ttl = std::chrono::seconds::max()});
  } else if (!is_askable(host)) {
    answer(Result<Resolved>{
        fail(Errc::invalid_argument, fmt::format("'{}' is no host name", escaped(as_bytes(host))))});
  } else if (const auto channel = channels_->current()) {
    (*channel)->query(std::string{host}, port, answer);
  } else {
    answer(Result<Resolved>{tl::make_unexpected(channel.error())});
  }
  return Request{held};
}

Resolver::Request Resolver::resolve_srv(std::string_view service, SrvCallback callback) {
  loop_.assert_here();
  const auto held = std::make_shared<SrvCallback>(std::move(callback));
  const auto answer = deferred(loop_, channels_, held);
  if (!is_askable(service)) {
    answer(Result<SrvAnswer>{
        fail(Errc::invalid_argument, fmt::format("'{}' is no service's name", escaped(as_bytes(service))))});
  } else if (const auto channel = channels_->current()) {
    (*channel)->query_srv(std::string{service}, answer);
  } else {
    answer(Result<SrvAnswer>{tl::make_unexpected(channel.error())});
  }
  return Request{held};
}

}  // namespace tcpctl
