// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/units.hpp"
#include "ctl/commands/registry.hpp"
#include "ctl/connect/conversation.hpp"
#include "ctl/connect/dial.hpp"
#include "ctl/connect/report.hpp"
#include "ctl/connect/target.hpp"
#include "ctl/interrupt.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl::commands {
namespace {

constexpr std::chrono::seconds kTimeout{10};
constexpr std::chrono::hours kLongestTimeout{1};

/// What the options ask for.
struct Wishes {
  int family{AF_UNSPEC};
  DialOptions dial;
  InputForm::Kind input{InputForm::Kind::plain};
  bool hex{false}, facts{true};
};

Answer<Duration> timeout_of(const Arguments& arguments) {
  const auto text = arguments.get("--timeout");
  if (!text) return kTimeout;
  const auto timeout = parse_duration(*text);
  if (!timeout) return refuse(Exit::usage, fmt::format("--timeout: {}", safe(timeout.error().what)));
  if (*timeout < std::chrono::milliseconds{1} || *timeout > kLongestTimeout)
    return refuse(Exit::usage, fmt::format("--timeout: '{}' is not 1ms .. 1h", safe(*text)));
  return *timeout;
}

/// The one family that is wanted, of -4, -6 and the source.
Answer<int> family_of(const Arguments& arguments, const std::optional<Address>& source) {
  const bool ipv4 = arguments.has("--ipv4");
  const bool ipv6 = arguments.has("--ipv6");
  if (ipv4 && ipv6) return refuse(Exit::usage, "-4 and -6 exclude each other");
  const int wanted = ipv4 ? AF_INET : ipv6 ? AF_INET6 : AF_UNSPEC;
  if (!source) return wanted;
  if (wanted != AF_UNSPEC && wanted != source->family())
    return refuse(Exit::usage, fmt::format("--source: '{}' is not of the family that -{} wants",
                                           source->host(), ipv4 ? '4' : '6'));
  return source->family();
}

Answer<Wishes> wishes_of(const Context& context, const Arguments& arguments) {
  Wishes wishes;
  if (context.format() == Format::csv)
    return refuse(Exit::usage, "connect has no -o csv; write -o json for its facts as JSON on stderr");
  if (const auto text = arguments.get("--source")) {
    auto source = parse_source(*text);
    if (!source) return tl::make_unexpected(source.error());
    wishes.dial.source = *source;
  }
  const auto family = family_of(arguments, wishes.dial.source);
  if (!family) return tl::make_unexpected(family.error());
  wishes.family = *family;
  const auto timeout = timeout_of(arguments);
  if (!timeout) return tl::make_unexpected(timeout.error());
  wishes.dial.timeout = *timeout;
  wishes.hex = arguments.has("--hex");
  if (wishes.hex && arguments.has("--crlf"))
    return refuse(Exit::usage, "--crlf and --hex exclude each other");
  if (wishes.hex) wishes.input = InputForm::Kind::hex;
  if (arguments.has("--crlf")) wishes.input = InputForm::Kind::crlf;
  wishes.facts = !arguments.has("--quiet");
  return wishes;
}

/// One run: finds, connects, talks, tells.
class Run {
 public:
  Run(Context& context, const Wishes& wishes) : context_{context}, wishes_{wishes} {}

  Exit operator()(const std::string& text) {
    const auto target = find_target(text, wishes_.family);
    if (!target) return context_.fail(target.error());
    life_.target = target->text;
    life_.resolved = target->addresses;
    tell(resolved_line(*target));
    interrupt_.emplace();
    wishes_.dial.stop = interrupt_->fd();
    auto dialled = dial(target->addresses, wishes_.dial);
    life_.take(std::move(dialled.attempts));
    if (dialled.fd) life_.take_socket(dialled.fd.get());
    tell(attempt_lines(life_));
    if (dialled.interrupted) return interrupted();
    return dialled.fd ? talk(std::move(dialled.fd)) : not_connected();
  }

 private:
  Exit talk(Fd socket) {
    auto& environment = context_.environment();
    Streams streams{.in = environment.input,
                    .out = environment.out.descriptor(),
                    .in_terminal = environment.input_terminal,
                    .stop = interrupt_->fd()};
    if (streams.in_terminal)
      tell("lines are sent as they are typed; Ctrl-D ends what is sent, Ctrl-C closes at once\n");
    const auto form = wishes_.hex            ? OutputForm::Kind::hex
                      : environment.terminal ? OutputForm::Kind::terminal
                                             : OutputForm::Kind::raw;
    Conversation conversation{std::move(socket), life_,
                              streams,           InputForm{wishes_.input},
                              OutputForm{form},  [this](const std::string& line) { context_.warn(line); }};
    const auto outcome = conversation.run();
    if (environment.terminal && conversation.is_inside_line()) context_.print("\n");
    tell_life();
    return status(outcome);
  }

  Exit status(const Conversation::Outcome& outcome) {
    using End = Conversation::End;
    const auto peer = life_.remote().text();
    switch (outcome.end) {
      case End::done:
      case End::unread:
        return Exit::done;
      case End::interrupted:
        return interrupted();
      case End::reset:
        return context_.fail({Exit::failed, fmt::format("{} reset the connection{}{}", peer,
                                                        outcome.detail.empty() ? "" : "; ", outcome.detail)});
      case End::dead:
        return context_.fail({Exit::failed, fmt::format("{} is gone: {}", peer, outcome.detail)});
      case End::output_failed:
      case End::input_failed:
        break;
    }
    return context_.fail({Exit::failed, outcome.detail});
  }

  Exit interrupted() {
    context_.environment().signal = interrupt_->signal();
    return Exit::failed;
  }

  Exit not_connected() {
    tell_life();
    const auto& last = life_.attempts().back();
    std::string what = life_.close().detail;
    if (last.error == ECONNREFUSED) what += "; does anybody listen there?";
    if (last.error == EADDRNOTAVAIL && wishes_.dial.source)
      what = fmt::format("--source {} is no address of this host", wishes_.dial.source->host());
    if (last.error == ETIMEDOUT)
      what = fmt::format("no answer within {}; --timeout waits longer", duration_text(wishes_.dial.timeout));
    return context_.fail({Exit::failed, fmt::format("cannot connect to {}: {}", safe(life_.target), what)});
  }

  void tell_life() {
    if (wishes_.facts && context_.format() == Format::json) {
      write(life_.json() + "\n");
    } else if (life_.local().family() != AF_UNSPEC) {  // what was tried in vain is told already
      auto view = context_.view();
      view.color = false;  // stderr may be a file where stdout is a terminal
      tell(life_sheet(life_, view));
    }
  }

  void tell(const std::string& lines) {
    if (wishes_.facts && context_.for_people()) write(lines);
  }
  void write(const std::string& lines) { context_.environment().err.write(lines); }

  Context& context_;
  Wishes wishes_;
  Life life_;
  std::optional<Interrupt> interrupt_;  // not yet while a name is looked up, which Ctrl-C breaks off
};

Exit run(Context& context, const Arguments& arguments) {
  const auto wishes = wishes_of(context, arguments);
  if (!wishes) return context.fail(wishes.error());
  return Run{context, *wishes}(arguments.word("HOST:PORT"));
}

}  // namespace

Noun connect_noun() {
  return {
      "connect",
      {},
      "an interactive TCP client that tells of its own connection; needs no daemon",
      {{"",
        "what is typed is sent line by line, what comes is printed; exit status 1 if refused, reset or late",
        "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | tcpctl connect localhost:80",
        {{"HOST:PORT", "where to: 'example.org:80', '192.0.2.1:80', '[2001:db8::1]:80'"}},
        {{"-x,--hex", "", "the input is hex digits, as '0d 0a', the output a hex dump"},
         {"--crlf", "", "send line ends as CR LF"},
         {"-4,--ipv4", "", "only IPv4 addresses"},
         {"-6,--ipv6", "", "only IPv6 addresses"},
         {"--source", "ADDR", "leave from this address of the host"},
         {"--timeout", "DURATION", "for each address to answer; default 10s"},
         {"-q,--quiet", "", "no facts on stderr; errors alone"}},
        run}}};
}

}  // namespace tcpctl::ctl::commands
