// SPDX-License-Identifier: Apache-2.0
#include "ctl/trace/wishes.hpp"

#include <charconv>

#include <fmt/format.h>

#include "ctl/terminal.hpp"

namespace tcpctl::ctl::trace {
namespace {

Answer<std::optional<std::uint64_t>> count_of(const Arguments& arguments) {
  const auto text = arguments.get("--count");
  if (!text) return std::nullopt;
  std::uint64_t count = 0;
  const auto* const end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, count);
  if (error != std::errc{} || stop != end || count == 0)
    return refuse(Exit::usage, fmt::format("--count: '{}' is no number of segments, as 100", safe(*text)));
  return count;
}

Answer<std::optional<Duration>> time_of(const Arguments& arguments) {
  const auto text = arguments.get("--for");
  if (!text) return std::nullopt;
  const auto time = parse_duration(*text);
  if (!time) return refuse(Exit::usage, fmt::format("--for: {}", safe(time.error().what)));
  if (*time <= Duration::zero()) return refuse(Exit::usage, "--for: write a time above 0, as 30s");
  return *time;
}

/// The first mistake in what was asked for together; "" = none.
std::string contradiction(const Wishes& wishes, const Context& context, const Arguments& arguments,
                          bool terminal) {
  if (context.format() == Format::csv) return "trace has no -o csv; write -o json";
  if (wishes.target.empty() && !wishes.read)
    return "what? write a listener, a client, a connection's ID or HOST:PORT, or -r FILE";
  if (wishes.read) {
    for (const auto* option : {"--interface", "--write", "--for"}) {
      if (arguments.has(option)) return fmt::format("--read and {} exclude each other", option);
    }
  }
  if (wishes.force && !wishes.write) return "--force is for --write FILE";
  if (!wishes.writes_stdout()) return {};
  if (context.format() == Format::json) return "-w - and -o json exclude each other: both want stdout";
  if (terminal)
    return "-w - writes packets, which no terminal shows; write -w FILE, or put a program behind it";
  return {};
}

}  // namespace

std::vector<Option> trace_options() {
  return {{"-i,--interface", "IF", "capture on this interface; default any, which is all of them"},
          {"-w,--write", "FILE", "write the packets too, for Wireshark and tcpdump; '-' is stdout"},
          {"--force", "", "write over FILE if it is there"},
          {"-r,--read", "FILE", "draw what is in a capture file; needs no privilege, and no daemon"},
          {"-c,--count", "N", "end after N segments"},
          {"--for", "DURATION", "end after this time, as 30s"},
          {"--absolute", "", "sequence numbers as they were sent; else they count from 0"},
          {"--payload", "", "show the first bytes of what was sent, escaped"}};
}

Answer<Wishes> wishes_of(Context& context, const Arguments& arguments) {
  Wishes wishes;
  wishes.target = arguments.get("TARGET").value_or("");
  wishes.interface = arguments.get("--interface").value_or("any");
  wishes.write = arguments.get("--write");
  wishes.read = arguments.get("--read");
  wishes.force = arguments.has("--force");
  const auto count = count_of(arguments);
  if (!count) return tl::make_unexpected(count.error());
  wishes.count = *count;
  const auto time = time_of(arguments);
  if (!time) return tl::make_unexpected(time.error());
  wishes.time = *time;
  wishes.style.absolute = arguments.has("--absolute");
  wishes.style.payload = arguments.has("--payload");
  wishes.style.full = context.view().wide;
  auto wrong = contradiction(wishes, context, arguments, context.environment().terminal);
  if (!wrong.empty()) return refuse(Exit::usage, std::move(wrong));
  return wishes;
}

}  // namespace tcpctl::ctl::trace
