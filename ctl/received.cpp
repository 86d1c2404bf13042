// SPDX-License-Identifier: Apache-2.0
#include "ctl/received.hpp"

#include <array>

#include <fmt/format.h>
#include <poll.h>

#include "ctl/base64.hpp"
#include "ctl/connect/form.hpp"
#include "ctl/interrupt.hpp"

namespace tcpctl::ctl {
namespace {

constexpr int kPauseMs = 100;
constexpr std::size_t kMostInAnAnswer = std::size_t{1} << 20U;

/// The received bytes of one client, piece by piece.
class Reader {
 public:
  Reader(Context& context, const std::string& name, std::optional<std::uint64_t> from)
      : context_{context},
        path_{fmt::format("/v1/clients/{}/received", percent_encoded(name))},
        next_{from},
        form_{context.environment().terminal ? OutputForm::Kind::terminal : OutputForm::Kind::raw} {}

  [[nodiscard]] Answer<Json> ask() const { return context_.get(question()); }

  /// Nothing where the daemon is too busy to answer, which may pass.
  [[nodiscard]] Answer<std::optional<Json>> ask_again() const {
    Call call;
    call.path = question();
    const auto reply = context_.client().ask(call);
    if (reply && is_busy(*reply)) return std::nullopt;
    if (reply && reply->status != 200) return tl::make_unexpected(explain(*reply, context_.client().host()));
    if (!reply) return tl::make_unexpected(reply.error());
    const auto json = Json::parse(reply->body);
    if (!json) return refuse(Exit::failed, "the daemon's answer is no JSON; check --host");
    return *json;
  }

  /// Tells the daemon that all that was printed is taken, where `answer` says that it waits for that. What it
  /// is too busy to hear is told with the next piece; a client that was made anew has its own bytes.
  [[nodiscard]] Answer<void> take(const Json& answer) {
    if (!context_.heard() || !next_ || !answer.count("taken") || next_ == told_) return {};
    Call call;
    call.method = "POST";
    call.path = path_;
    call.body = fmt::format("{{\"upto\": {}}}", *next_);
    const auto reply = context_.client().ask(call);
    if (!reply) return tl::make_unexpected(reply.error());
    if (is_busy(*reply) || reply->status == 409) return {};
    if (reply->status != 200) return tl::make_unexpected(explain(*reply, context_.client().host()));
    told_ = next_;
    return {};
  }

  /// Prints `answer`, and answers whether there was anything in it.
  Answer<bool> print(const Json& answer) {
    const auto bytes = from_base64(answer.text("base64").value_or(""));
    const auto next = answer.count("next");
    if (!bytes || !next) return refuse(Exit::failed, "the daemon's answer holds no base64; is that tcpctld?");
    if (next_ && *next < *next_) {
      context_.warn("the client was made anew; its bytes count from 0 again");
      next_ = 0;
      told_.reset();
      return true;
    }
    if (const auto lost = answer.count("lost_bytes"); lost.value_or(0) > 0)
      context_.warn(fmt::format("{} bytes are missing here: later ones took their place", *lost));
    next_ = next;
    full_ = bytes->size() >= kMostInAnAnswer;
    if (bytes->empty()) return false;
    context_.print(context_.format() == Format::json ? answer.dump(-1) + "\n" : form_.take(*bytes));
    return true;
  }
  /// Of an answer that was printed otherwise.
  [[nodiscard]] Answer<void> take_all_of(const Json& answer) {
    next_ = answer.count("next");
    return take(answer);
  }
  void end() { context_.print(form_.end()); }
  /// The last answer had as much as one can, so that there may be more.
  [[nodiscard]] bool was_full() const { return full_; }

 private:
  [[nodiscard]] std::string question() const {
    Query query;
    if (next_) query.add("from", std::to_string(*next_));
    return path_ + query.text();
  }

  static bool is_busy(const Reply& reply) { return reply.status == 503 || reply.status == 504; }

  Context& context_;
  const std::string path_;
  std::optional<std::uint64_t> next_, told_;
  OutputForm form_;
  bool full_{false};
};

/// Whether to go on after the pause: nobody has interrupted, and the reader is there.
bool pause(int stop, int out, int pause_ms) {
  std::array<pollfd, 2> watched{
      {{.fd = stop, .events = POLLIN, .revents = 0}, {.fd = out, .events = 0, .revents = 0}}};
  return ::poll(watched.data(), watched.size(), pause_ms) <= 0;
}

}  // namespace

Exit print_received(Context& context, const std::string& name, std::optional<std::uint64_t> from, bool take) {
  Reader reader{context, name, from};
  const auto answer = reader.ask();
  if (!answer) return context.fail(answer.error());
  if (!context.for_people()) {
    const auto done = context.object(*answer, {{.title = "FROM", .field = "from"},
                                               {.title = "NEXT", .field = "next"},
                                               {.title = "LOST", .field = "lost_bytes"},
                                               {.title = "TAKEN", .field = "taken"},
                                               {.title = "BASE64", .field = "base64"}});
    const auto taken = take ? reader.take_all_of(*answer) : Answer<void>{};
    return taken ? done : context.fail(taken.error());
  }
  for (auto next = answer; next && context.heard(); next = reader.ask()) {
    const auto printed = reader.print(*next);
    if (!printed) return context.fail(printed.error());
    if (const auto taken = take ? reader.take(*next) : Answer<void>{}; !taken)
      return context.fail(taken.error());
    if (!reader.was_full()) break;
  }
  reader.end();
  return Exit::done;
}

Exit follow_received(Context& context, const std::string& name, std::optional<std::uint64_t> from) {
  if (context.format() == Format::csv) return context.usage("--follow has no -o csv; write -o json");
  const Interrupt interrupt;
  Reader reader{context, name, from};
  bool came = false;
  while (context.heard() &&
         pause(interrupt.fd(), context.environment().out.descriptor(), came ? 0 : kPauseMs)) {
    const auto answer = reader.ask_again();
    if (!answer && interrupt.signal() != 0) break;
    if (!answer) return context.fail(answer.error());
    const auto printed = *answer ? reader.print(**answer) : Answer<bool>{false};
    if (!printed) return context.fail(printed.error());
    if (const auto taken = *answer ? reader.take(**answer) : Answer<void>{}; !taken)
      return context.fail(taken.error());
    came = *printed;
  }
  reader.end();
  return Exit::done;
}

}  // namespace tcpctl::ctl
