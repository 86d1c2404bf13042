// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <pcap/pcap.h>

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "ctl/exit.hpp"
#include "ctl/trace/packet.hpp"

namespace tcpctl::ctl::trace {

/// Packets, from the kernel or from a file, through libpcap. Threads: one.
class Capture {
 public:
  /// Opens `interface`, "any" for all of them. Until `filter` is called nothing passes. Of each packet
  /// `length` bytes are kept. Errors: not_allowed without the privilege, and only then; not_found; failed.
  [[nodiscard]] static Answer<Capture> live(const std::string& interface, int length);
  /// Reads the capture file `file`; `name` is for errors. Errors: failed, for what is none.
  [[nodiscard]] static Answer<Capture> of_file(Fd file, const std::string& name);

  /// From now on only what `expression` lets through. Errors: failed.
  [[nodiscard]] Answer<void> filter(const std::string& expression);

  /// A packet: its header as libpcap has it, and its bytes for the time of the call.
  using Listener = std::function<void(const pcap_pkthdr& header, const unsigned char* bytes)>;
  enum class Step { some, none, end };
  /// Calls `listener` for the packets that are there, of a file for some. `end`: of the file, or `listener`
  /// called `stop`. Errors: failed, where the interface went away or the file is broken.
  [[nodiscard]] Answer<Step> dispatch(const Listener& listener);
  /// No further packet of this `dispatch`.
  void stop();

  [[nodiscard]] Link link() const { return link_; }
  /// Readable when there are packets.
  [[nodiscard]] int fd() const;
  /// Packets that passed the filter and found no room; nothing for a file.
  [[nodiscard]] std::optional<std::uint64_t> dropped() const;
  [[nodiscard]] pcap_t* handle() const { return handle_.get(); }

 private:
  struct Close {
    void operator()(pcap_t* handle) const { ::pcap_close(handle); }
  };
  using Handle = std::unique_ptr<pcap_t, Close>;
  Capture(Handle handle, Link link, bool live) : handle_{std::move(handle)}, link_{link}, live_{live} {}

  Handle handle_;
  Link link_;
  bool live_;
};

/// A capture file that is being written.
class SaveFile {
 public:
  /// `path` "-" is stdout. The file is the caller's alone (0600); one that is there is refused without
  /// `force`. Errors: failed.
  [[nodiscard]] static Answer<SaveFile> open(const Capture& capture, const std::string& path, bool force);

  void write(const pcap_pkthdr& header, const unsigned char* bytes);
  /// Hands on what was written. False where it cannot be: the disk is full, the reader is gone.
  [[nodiscard]] bool flush();
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::uint64_t packets() const { return packets_; }

 private:
  struct Close {
    void operator()(pcap_dumper_t* dumper) const { ::pcap_dump_close(dumper); }
  };
  SaveFile(pcap_dumper_t* dumper, std::string path) : dumper_{dumper}, path_{std::move(path)} {}

  std::unique_ptr<pcap_dumper_t, Close> dumper_;
  std::string path_;
  std::uint64_t packets_{0};
};

[[nodiscard]] WallTime time_of(const pcap_pkthdr& header);
[[nodiscard]] inline std::string_view bytes_of(const pcap_pkthdr& header, const unsigned char* bytes) {
  return {reinterpret_cast<const char*>(bytes), header.caplen};
}

}  // namespace tcpctl::ctl::trace
