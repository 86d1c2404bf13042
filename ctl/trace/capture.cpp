// SPDX-License-Identifier: Apache-2.0
#include "ctl/trace/capture.hpp"

#include <array>
#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "ctl/terminal.hpp"

namespace tcpctl::ctl::trace {
namespace {

constexpr int kBuffer = 16 * 1024 * 1024;  // while the daemon is asked, or a terminal is slow
constexpr int kPatienceMs = 50;            // how long the kernel collects before it hands on
constexpr int kSomeOfFile = 1000;
constexpr int kSll2 = 276;  // tells the interface of each packet
constexpr const char* kNothing = "less 1";

using ErrorText = std::array<char, PCAP_ERRBUF_SIZE>;

tl::unexpected<Failure> cannot_open(const std::string& interface, int error, const char* detail) {
  const auto name = safe(interface);
  switch (error) {
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
      return refuse(Exit::not_allowed, "no permission to capture packets");
    case PCAP_ERROR_NO_SUCH_DEVICE:
      return refuse(Exit::not_found, fmt::format("there is no interface '{}'; see 'ip link'", name));
    case PCAP_ERROR_IFACE_NOT_UP:
      return refuse(Exit::failed, fmt::format("the interface '{}' is down; see 'ip link'", name));
    default:
      break;
  }
  const std::string_view words{detail};
  return refuse(Exit::failed, fmt::format("cannot capture on '{}': {}", name,
                                          words.empty() ? ::pcap_statustostr(error) : safe(words)));
}

tl::unexpected<Failure> unknown_link(int number) {
  const char* const name = ::pcap_datalink_val_to_name(number);
  return refuse(Exit::failed, fmt::format("packets of the kind {} are not read here",
                                          name == nullptr ? fmt::to_string(number) : name));
}

struct FileClose {
  void operator()(std::FILE* file) const { (void)std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, FileClose>;

/// `fd` as a stream, which owns it from then on.
File stream_of(Fd fd, const char* mode) {
  File file{::fdopen(fd.get(), mode)};
  if (file) (void)fd.release();
  return file;
}

}  // namespace

Answer<Capture> Capture::live(const std::string& interface, int length) {
  ErrorText error{};
  Handle handle{::pcap_create(interface.c_str(), error.data())};
  if (!handle) return refuse(Exit::failed, fmt::format("cannot capture: {}", safe(error.data())));
  ::pcap_set_snaplen(handle.get(), length);
  ::pcap_set_timeout(handle.get(), kPatienceMs);
  ::pcap_set_buffer_size(handle.get(), kBuffer);
  if (const int status = ::pcap_activate(handle.get()); status < 0)
    return cannot_open(interface, status, ::pcap_geterr(handle.get()));
  if (interface == "any") (void)::pcap_set_datalink(handle.get(), kSll2);
  if (::pcap_setnonblock(handle.get(), 1, error.data()) != 0)
    return cannot_open(interface, PCAP_ERROR, error.data());
  const int number = ::pcap_datalink(handle.get());
  const auto link = link_of(number);
  if (!link) return unknown_link(number);
  Capture capture{std::move(handle), *link, true};
  if (auto filtered = capture.filter(kNothing); !filtered) return tl::make_unexpected(filtered.error());
  return capture;
}

Answer<Capture> Capture::of_file(Fd file, const std::string& name) {
  auto stream = stream_of(std::move(file), "rb");
  if (!stream) return refuse(Exit::failed, fmt::format("{}: {}", safe(name), errno_text(errno)));
  ErrorText error{};
  Handle handle{::pcap_fopen_offline(stream.get(), error.data())};
  if (!handle)
    return refuse(Exit::failed, fmt::format("{}: no capture file: {}", safe(name), safe(error.data())));
  (void)stream.release();
  const int number = ::pcap_datalink(handle.get());
  const auto link = link_of(number);
  if (!link) return unknown_link(number);
  return Capture{std::move(handle), *link, false};
}

Answer<void> Capture::filter(const std::string& expression) {
  bpf_program program{};
  if (::pcap_compile(handle_.get(), &program, expression.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0)
    return refuse(Exit::failed, fmt::format("cannot filter packets: {}", safe(::pcap_geterr(handle_.get()))));
  const std::unique_ptr<bpf_program, void (*)(bpf_program*)> owned{&program, &::pcap_freecode};
  if (::pcap_setfilter(handle_.get(), &program) != 0)
    return refuse(Exit::failed, fmt::format("cannot filter packets: {}", safe(::pcap_geterr(handle_.get()))));
  return {};
}

Answer<Capture::Step> Capture::dispatch(const Listener& listener) {
  const auto hand_on = [](unsigned char* user, const pcap_pkthdr* header, const unsigned char* bytes) {
    (*reinterpret_cast<const Listener*>(user))(*header, bytes);
  };
  // libpcap passes the pointer through as it is.
  auto* const user = reinterpret_cast<unsigned char*>(const_cast<Listener*>(&listener));
  const int count = ::pcap_dispatch(handle_.get(), live_ ? -1 : kSomeOfFile, hand_on, user);
  if (count == PCAP_ERROR_BREAK) return Step::end;
  if (count < 0)
    return refuse(Exit::failed, fmt::format("the capture ended: {}", safe(::pcap_geterr(handle_.get()))));
  if (count == 0) return live_ ? Step::none : Step::end;
  return Step::some;
}

void Capture::stop() { ::pcap_breakloop(handle_.get()); }

int Capture::fd() const { return ::pcap_get_selectable_fd(handle_.get()); }

std::optional<std::uint64_t> Capture::dropped() const {
  pcap_stat stats{};
  if (!live_ || ::pcap_stats(handle_.get(), &stats) != 0) return std::nullopt;
  return std::uint64_t{stats.ps_drop} + stats.ps_ifdrop;
}

Answer<SaveFile> SaveFile::open(const Capture& capture, const std::string& path, bool force) {
  constexpr mode_t kOwnersAlone = 0600;
  const bool is_stdout = path == "-";
  Fd fd{is_stdout
            ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
            : ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | (force ? O_TRUNC : O_EXCL),
                     kOwnersAlone)};
  if (!fd && errno == EEXIST)
    return refuse(Exit::failed, fmt::format("{} is there already; --force writes over it", safe(path)));
  if (!fd) return refuse(Exit::failed, fmt::format("cannot write {}: {}", safe(path), errno_text(errno)));
  auto stream = stream_of(std::move(fd), "wb");
  auto* const dumper = stream ? ::pcap_dump_fopen(capture.handle(), stream.get()) : nullptr;
  if (dumper == nullptr) return refuse(Exit::failed, fmt::format("cannot write {}", safe(path)));
  (void)stream.release();
  SaveFile file{dumper, path};
  // The header at once: whoever reads knows that it runs.
  if (!file.flush())
    return refuse(Exit::failed, fmt::format("cannot write {}: {}", safe(path), errno_text(errno)));
  return file;
}

void SaveFile::write(const pcap_pkthdr& header, const unsigned char* bytes) {
  ::pcap_dump(reinterpret_cast<unsigned char*>(dumper_.get()), &header, bytes);
  ++packets_;
}

bool SaveFile::flush() {
  return ::pcap_dump_flush(dumper_.get()) == 0 && std::ferror(::pcap_dump_file(dumper_.get())) == 0;
}

WallTime time_of(const pcap_pkthdr& header) {
  return WallTime{std::chrono::seconds{header.ts.tv_sec} + std::chrono::microseconds{header.ts.tv_usec}};
}

}  // namespace tcpctl::ctl::trace
