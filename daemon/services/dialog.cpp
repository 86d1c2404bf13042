// SPDX-License-Identifier: Apache-2.0
// dialog - the textbook TCP server: greets, answers each message, says goodbye.
#include <array>
#include <limits>
#include <optional>

#include "services/line_reader.hpp"
#include "services/registry.hpp"
#include "services/reply_template.hpp"

namespace tcpctl {
namespace {

using config::KeyType;

constexpr std::array kKeys{
    config::Key{.path = "greeting",
                .type = KeyType::text,
                .max = 65536,
                .help = "Sent when a connection opens, as it stands"},
    config::Key{.path = "reply",
                .type = KeyType::text,
                .fallback = R"("{line}\n")",
                .max = 65536,
                .help = "Answer to each message, with {line}, {peer}, {n} filled in; \"\" = none"},
    config::Key{.path = "quit",
                .type = KeyType::text,
                .max = 65536,
                .help = "The message that ends the connection without an answer; off = none"},
    config::Key{.path = "framing",
                .type = KeyType::choice,
                .fallback = "line",
                .choices = "line|read",
                .help = "What a message is: a line (LF or CRLF), or whatever one read brought"},
    config::Key{.path = "max_line",
                .type = KeyType::size,
                .fallback = "64KiB",
                .min = 1,
                .max = 1048576,
                .help = "Longest message; a longer line ends the connection, a longer read is cut"},
    config::Key{
        .path = "max_messages",
        .type = KeyType::integer,
        .min = 1,
        .help = "Most messages of a connection; it ends after the answer to the last; off = any number"},
    config::Key{.path = "max_bytes",
                .type = KeyType::size,
                .min = 1,
                .help = "Most bytes that are received on a connection; beyond it ends; off = any number"},
    config::Key{.path = "max_time",
                .type = KeyType::duration,
                .min = 1'000'000,
                .help = "How long a connection may last; then it ends; off = any time"},
};

struct Settings {
  std::string greeting;
  ReplyTemplate reply;
  std::optional<std::string> quit;
  std::size_t max_line;
  std::uint64_t max_messages;
  std::uint64_t max_bytes;
  std::optional<Duration> max_time;
};

constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();

/// What both framings share: greeting, answers, the quit message, the limits of a conversation.
class Dialog : public Service {
 public:
  explicit Dialog(std::shared_ptr<const Settings> settings) : settings_{std::move(settings)} {}

  void on_open(Session& session) override {
    if (settings_->max_time) end_at(session, session.time() + *settings_->max_time);
    if (!settings_->greeting.empty()) session.send(as_bytes(settings_->greeting));
  }
  void on_wake(Session& session) override { session.finish(ServiceEnd::limit, "max_time reached"); }
  [[nodiscard]] std::optional<ServiceState> state() const override {
    const auto end = static_cast<std::uint64_t>(ends_at_.time_since_epoch().count());
    return ServiceState{.numbers = {messages_, bytes_, end}, .bytes = std::string{unfinished()}};
  }
  [[nodiscard]] bool resume(Session& session, const ServiceState& state) override {
    if (state.numbers.size() != 3) return false;
    messages_ = state.numbers[0];
    bytes_ = state.numbers[1];
    const Instant end{Duration{static_cast<std::int64_t>(state.numbers[2])}};
    if (end != Instant{}) end_at(session, end);
    return take_up(state.bytes);
  }

 protected:
  /// What has come of a message whose end has not.
  [[nodiscard]] virtual std::string_view unfinished() const { return {}; }
  /// Goes on with what `unfinished` said; false where that is too much.
  [[nodiscard]] virtual bool take_up(std::string_view bytes) { return bytes.empty(); }
  [[nodiscard]] const Settings& settings() const { return *settings_; }
  [[nodiscard]] bool is_quit(std::string_view message) const { return message == settings_->quit; }
  [[nodiscard]] std::string peer_text(const Session& session) const {
    return settings_->reply.shows_peer() ? session.remote().text() : std::string{};
  }
  void answer(std::string& out, std::string_view message, std::string_view peer) {
    settings_->reply.append_to(out, message, peer, ++messages_);
  }
  static void flush(Session& session, const std::string& out) {
    if (!out.empty()) session.send(as_bytes(out));
  }
  /// Was that answer the last?
  [[nodiscard]] bool has_answered_all() const { return messages_ >= settings_->max_messages; }
  /// Counts bytes that were taken; ends the connection once they are too many, or messages were.
  void count(Session& session, std::size_t bytes) {
    bytes_ += bytes;
    if (has_answered_all()) {
      session.finish(ServiceEnd::limit, "max_messages reached");
    } else if (bytes_ > settings_->max_bytes) {
      session.finish(ServiceEnd::limit, "max_bytes reached");
    }
  }

 private:
  void end_at(Session& session, Instant when) {
    ends_at_ = when;
    session.wake_at(when);
  }

  const std::shared_ptr<const Settings> settings_;
  std::uint64_t messages_{0};
  std::uint64_t bytes_{0};
  Instant ends_at_{};  // by max_time
};

class LineDialog final : public Dialog {
 public:
  explicit LineDialog(const std::shared_ptr<const Settings>& settings)
      : Dialog{settings}, reader_{settings->max_line} {}

  /// Answers gather and go out in one `send` a call.
  std::size_t on_data(Session& session, ByteView bytes) override {
    const auto room = session.room();
    const auto peer = peer_text(session);
    std::string out;
    std::size_t taken = 0;
    while (taken < bytes.size() && out.size() < room && !has_answered_all()) {
      const auto step = reader_.next(bytes.subspan(taken));
      taken += step.used;
      if (step.found == LineReader::Found::none) break;
      if (step.found == LineReader::Found::too_long || is_quit(step.line)) {
        flush(session, out);
        end(session, step.found);
        return bytes.size();
      }
      answer(out, step.line, peer);
    }
    flush(session, out);
    count(session, taken);
    return taken;
  }

  void on_peer_fin(Session& session) override {
    const auto message = reader_.unfinished();
    if (!message.empty() && !is_quit(message)) {
      std::string out;
      answer(out, message, peer_text(session));
      flush(session, out);
    }
    session.finish(ServiceEnd::done);
  }

 private:
  [[nodiscard]] std::string_view unfinished() const override { return reader_.unfinished(); }
  [[nodiscard]] bool take_up(std::string_view bytes) override {
    return reader_.next(as_bytes(bytes)).found == LineReader::Found::none;
  }
  static void end(Session& session, LineReader::Found found) {
    if (found == LineReader::Found::too_long) {
      session.finish(ServiceEnd::limit, "line longer than max_line");
    } else {
      session.finish(ServiceEnd::done, "quit");
    }
  }

  LineReader reader_;
};

/// Each read is a message, as with recv(max_line) in the textbook server.
class ReadDialog final : public Dialog {
 public:
  using Dialog::Dialog;

  std::size_t on_data(Session& session, ByteView bytes) override {
    if (session.room() == 0) return 0;
    const auto message = as_text(bytes).substr(0, settings().max_line);
    if (is_quit(without_newline(message))) {
      session.finish(ServiceEnd::done, "quit");
      return bytes.size();
    }
    std::string out;
    answer(out, message, peer_text(session));
    flush(session, out);
    count(session, message.size());
    return message.size();
  }

 private:
  /// Whoever types the quit message into a terminal sends a newline behind it.
  static std::string_view without_newline(std::string_view message) {
    if (message.ends_with('\n')) message.remove_suffix(1);
    if (message.ends_with('\r')) message.remove_suffix(1);
    return message;
  }
};

tl::expected<ServiceFactory, config::Mistakes> make(const config::OptionReader& options) {
  auto reply = ReplyTemplate::parse(options.maybe_text("reply").value_or(""));
  if (!reply) return tl::make_unexpected(config::Mistakes{options.mistake("reply", reply.error().what)});
  const bool by_line = options.text("framing") == "line";
  const auto quit = options.text("quit");
  if (by_line && quit.find('\n') != std::string::npos) {
    return tl::make_unexpected(
        config::Mistakes{options.mistake("quit", "a line has no line end in it; leave out the '\\n'")});
  }
  const auto settings = std::make_shared<const Settings>(
      Settings{.greeting = options.maybe_text("greeting").value_or(""),
               .reply = *std::move(reply),
               .quit = quit.empty() ? std::nullopt : std::optional{quit},
               .max_line = static_cast<std::size_t>(options.size("max_line").count()),
               .max_messages = static_cast<std::uint64_t>(
                   options.maybe_integer("max_messages").value_or(std::numeric_limits<std::int64_t>::max())),
               .max_bytes = options.has("max_bytes") ? options.size("max_bytes").count() : kUnlimited,
               .max_time = options.maybe_duration("max_time")});
  if (by_line) return [settings] { return std::make_unique<LineDialog>(settings); };
  return [settings] { return std::make_unique<ReadDialog>(settings); };
}

}  // namespace

ServiceKind dialog_service() {
  return {.name = "dialog",
          .help = "Greets, answers each message, and closes at the quit message",
          .keys = kKeys,
          .make = make};
}

}  // namespace tcpctl
