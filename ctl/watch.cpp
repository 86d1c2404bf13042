// SPDX-License-Identifier: Apache-2.0
#include "ctl/watch.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <poll.h>

#include "base/clock.hpp"
#include "ctl/format.hpp"
#include "ctl/interrupt.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl {
namespace {

/// The first lines of `text`, each ended so that nothing of the picture before is left behind it.
std::string on_screen(std::string_view text, std::size_t lines) {
  std::string out = "\x1b[H";
  while (lines > 0 && !text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    out.append(text.substr(0, end)).append("\x1b[K");
    text.remove_prefix(std::min(end + 1, text.size()));
    if (--lines > 0 && !text.empty()) out += "\r\n";
  }
  return out + "\x1b[J";
}

class Watch {
 public:
  Watch(Context& context, const std::vector<Column>& columns, const Listing& listing)
      : context_{context},
        columns_{columns},
        listing_{listing},
        on_terminal_{context.for_people() && context.environment().terminal} {}

  void show(const std::vector<Json>& rows) {
    switch (context_.format()) {
      case Format::json:
        context_.print(Json::list(rows).dump(-1) + "\n");
        return;
      case Format::csv:
        context_.print(row_printer(Format::csv, columns_, view(), listing_.headers)->rows(rows));
        return;
      case Format::table:
      case Format::wide:
        break;
    }
    Table table{columns_, view(), listing_.headers};
    picture_ = table.print(rows, &seen_);
    draw("");
  }

  /// The last picture stays, and says that it is old.
  void lost(const Failure& failure) {
    if (on_terminal_) {
      draw(failure.line);
    } else if (!std::exchange(is_lost_, true)) {
      context_.warn(failure.line + "; trying again");
    }
  }
  void found() { is_lost_ = false; }

  void leave() {
    if (on_terminal_) context_.print("\r\n");
  }

 private:
  [[nodiscard]] View view() const {
    auto view = context_.view();
    const auto size = terminal_size();
    if (view.width && size && !context_.environment().variable("COLUMNS")) view.width = size->columns;
    return view;
  }

  [[nodiscard]] std::optional<TerminalSize> terminal_size() const {
    const auto& asked = context_.environment().terminal_size;
    return asked ? asked() : std::nullopt;
  }

  void draw(const std::string& trouble) {
    const auto now = time_text(wall_now(), context_.view().utc);
    auto head = fmt::format("{}  every {} s", now, static_cast<double>(listing_.every->count()) / 1e3);
    if (!trouble.empty()) head = fmt::format("{}  old: {}; trying again", now, trouble);
    const auto width = view().width;
    if (on_terminal_) {
      const auto size = terminal_size().value_or(TerminalSize{80, 24});
      const auto text = toned(width ? shorten(head, *width) : head, trouble.empty() ? Tone::faint : Tone::bad,
                              context_.view().color);
      context_.print((std::exchange(began_, true) ? "" : "\x1b[2J") +
                     on_screen(text + "\n" + picture_, size.lines));
    } else {
      context_.print((std::exchange(began_, true) ? "\n" : "") + head + "\n" + picture_);
    }
  }

  Context& context_;
  const std::vector<Column>& columns_;
  const Listing& listing_;
  const bool on_terminal_;
  Table::Seen seen_;
  std::string picture_;
  bool began_{false};
  bool is_lost_{false};
};

/// False once it is over: interrupted, or nobody reads.
bool wait(const Interrupt& interrupt, int reader, std::chrono::milliseconds time) {
  std::array<pollfd, 2> watched{{{.fd = interrupt.fd(), .events = POLLIN, .revents = 0},
                                 {.fd = reader, .events = 0, .revents = 0}}};  // a negative one is left out
  const auto until = now() + time;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now());
    const int ready = ::poll(watched.data(), watched.size(), static_cast<int>(std::max(left.count(), 0L)));
    if (ready == 0) return true;
    if (ready > 0 || errno != EINTR) return false;
  }
}

}  // namespace

Exit watch_rows(Context& context, const std::vector<Column>& columns, const Listing& listing,
                const std::function<Answer<std::vector<Json>>()>& rows) {
  const Interrupt interrupt;
  Watch watch{context, columns, listing};
  bool was_there = false;
  do {
    if (const auto asked = rows()) {
      was_there = true;
      watch.found();
      watch.show(*asked);
    } else if (!was_there || asked.error().exit != Exit::unreachable) {
      watch.leave();
      return context.fail(asked.error());
    } else {
      watch.lost(asked.error());
    }
  } while (context.heard() && wait(interrupt, context.environment().out.descriptor(), *listing.every));
  watch.leave();
  context.environment().signal = interrupt.signal();
  return Exit::done;
}

}  // namespace tcpctl::ctl
