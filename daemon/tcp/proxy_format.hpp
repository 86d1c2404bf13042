// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

/// The numbers of the PROXY protocol, for its parser and its writer alone: sections 2.1 and 2.2.
namespace tcpctl::tcp::proxy {

inline constexpr std::string_view kLine{"PROXY "};
inline constexpr std::string_view kSignature{"\r\n\r\n\0\r\nQUIT\n", 12};

inline constexpr std::uint8_t kVersion = 0x20;
inline constexpr std::uint8_t kLocal = 0x0;
inline constexpr std::uint8_t kProxy = 0x1;

enum Family : std::uint8_t { unspec_family = 0, inet = 1, inet6 = 2, unix_family = 3 };
enum Transport : std::uint8_t { unspec_transport = 0, stream = 1, datagram = 2 };

inline constexpr std::size_t kInetBytes = 12;
inline constexpr std::size_t kInet6Bytes = 36;
inline constexpr std::size_t kUnixPathBytes = 108;

inline constexpr std::uint8_t kCrc32c = 0x03;
inline constexpr std::uint8_t kUniqueId = 0x05;
inline constexpr std::size_t kTlvPrefixBytes = 3;
inline constexpr std::size_t kCrcBytes = 4;
inline constexpr std::size_t kMostUniqueId = 128;

}  // namespace tcpctl::tcp::proxy
