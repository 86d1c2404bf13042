// SPDX-License-Identifier: Apache-2.0
#include "ctl/trace/run.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>

#include "ctl/interrupt.hpp"
#include "ctl/terminal.hpp"
#include "ctl/trace/capture.hpp"
#include "ctl/trace/fallback.hpp"
#include "ctl/trace/privilege.hpp"
#include "ctl/trace/tracer.hpp"

namespace tcpctl::ctl::trace {
namespace {

constexpr int kWhole = 262144;  // of a packet: as tcpdump has it
constexpr int kHeaders = 512;   // enough for the headers, and for the begin of the payload
// Longer than the kernel collects packets: what passed before the end is told.
constexpr int kLastWordsMs = 120;

std::string own_program() {
  std::error_code none;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", none);
  return none ? "tcpctl-trace" : path.string();
}

/// What ends a run, beside the capture's own end.
class Ends {
 public:
  Ends(Context& context, const Wishes& wishes) : context_{context} {
    if (wishes.time) until_ = now() + *wishes.time;
  }

  /// Waits for packets on `fd`, and says whether to go on.
  [[nodiscard]] bool wait(int fd) const {
    std::array<pollfd, 3> watched{
        {{.fd = fd, .events = POLLIN, .revents = 0},
         {.fd = interrupt_.fd(), .events = POLLIN, .revents = 0},
         {.fd = context_.environment().out.descriptor(), .events = 0, .revents = 0}}};
    (void)::poll(watched.data(), watched.size(), left_ms());
    const bool gone = (watched[2].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
    return !gone && go_on();
  }
  [[nodiscard]] bool go_on() const {
    return interrupt_.signal() == 0 && context_.heard() && (!until_ || now() < *until_);
  }

 private:
  [[nodiscard]] int left_ms() const {
    constexpr std::chrono::milliseconds kMost{3'600'000};
    if (!until_) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*until_ - now());
    return static_cast<int>(std::clamp(left, std::chrono::milliseconds{0}, kMost).count());
  }

  Context& context_;
  Interrupt interrupt_;
  std::optional<Instant> until_;
};

/// One run over one capture.
class Run {
 public:
  Run(Context& context, const Wishes& wishes, const Traced& traced, Capture& capture)
      : context_{context}, wishes_{wishes}, capture_{capture}, tracer_{context, traced, wishes} {}

  Exit live(const Traced& traced) {
    if (auto opened = open_file(); !opened) return context_.fail(opened.error());
    const Ends ends{context_, wishes_};
    const auto expression = filter_expression(traced.scope);
    if (auto filtered = capture_.filter(expression); !filtered) return context_.fail(filtered.error());
    context_.warn(fmt::format("capturing on {}; Ctrl-C ends it", safe(wishes_.interface)));
    if (context_.format() != Format::json) tracer_.flush();
    bool going = !has_ended(traced);
    while (going && ends.wait(capture_.fd())) {
      const auto step = take();
      if (!step) return ended(step.error());
      going = !tracer_.is_done() && !failed_;
    }
    take_last_words();
    return ended();
  }

  Exit file(const Traced& traced) {
    const Ends ends{context_, wishes_};
    const auto filtered = capture_.filter(filter_expression(traced.scope));
    if (!filtered) return context_.fail(filtered.error());
    while (ends.go_on() && !tracer_.is_done()) {
      const auto step = take();
      if (!step) return ended(step.error());
      if (*step == Capture::Step::end) break;
    }
    return ended();
  }

 private:
  [[nodiscard]] Answer<void> open_file() {
    if (!wishes_.write) return {};
    auto file = SaveFile::open(capture_, *wishes_.write, wishes_.force);
    if (!file) return tl::make_unexpected(file.error());
    file_.emplace(std::move(*file));
    return {};
  }

  /// A connection may end between the look at it and the filter, and then no packet would ever come.
  [[nodiscard]] bool has_ended(const Traced& traced) {
    if (traced.kind != Traced::Kind::connection) return false;
    const auto now = context_.get(fmt::format("/v1/connections/{}", percent_encoded(traced.text)));
    const bool ended = now && now->at("close").is_object();
    if (ended) context_.warn("the connection has ended meanwhile");
    return ended;
  }

  Answer<Capture::Step> take() {
    const auto step = capture_.dispatch([this](const pcap_pkthdr& header, const unsigned char* bytes) {
      if (tracer_.is_done()) return capture_.stop();
      if (file_) file_->write(header, bytes);
      tracer_.take(capture_.link(), bytes_of(header, bytes), header.len, time_of(header));
    });
    tracer_.flush();
    if (file_ && !file_->flush()) failed_ = true;
    return step;
  }

  /// What the kernel has collected, and not handed on yet.
  void take_last_words() {
    pollfd watched{.fd = capture_.fd(), .events = POLLIN, .revents = 0};
    const auto until = now() + std::chrono::milliseconds{kLastWordsMs};
    while (!tracer_.is_done() && !failed_ && now() < until) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now()).count();
      (void)::poll(&watched, 1, static_cast<int>(left));
      if (const auto step = take(); !step) return;
    }
  }

  Exit ended(const std::optional<Failure>& failure = std::nullopt) {
    if (context_.for_people() && !wishes_.writes_stdout()) {
      const auto summary = summary_of(tracer_.flows(), context_.view());
      context_.print(summary.empty() ? "" : fmt::format("\n{}", summary));
    }
    context_.warn(tally_text(tracer_.tally(), tracer_.flows(), capture_.dropped()));
    if (failed_ && wishes_.writes_stdout()) return Exit::done;  // its reader has enough
    if (failed_) return context_.fail({Exit::failed, fmt::format("cannot write {}", safe(file_->path()))});
    if (file_ && !wishes_.writes_stdout())
      context_.warn(fmt::format("{} packets are in {}", file_->packets(), safe(file_->path())));
    return failure ? context_.fail(*failure) : Exit::done;
  }

  Context& context_;
  const Wishes& wishes_;
  Capture& capture_;
  Tracer tracer_;
  std::optional<SaveFile> file_;
  bool failed_{false};  // to write the file
};

/// A second descriptor of the same file, at its begin; nothing where it cannot be read twice.
Fd again(const Fd& file) {
  struct stat status{};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  return Fd{::fcntl(file.get(), F_DUPFD_CLOEXEC, 3)};
}

/// Of a file with one connection its picture has the ends' addresses and states.
void look_ahead(Context& context, Traced& traced, Fd file, const std::string& name) {
  auto capture = Capture::of_file(std::move(file), name);
  if (!capture || !capture->filter(filter_expression(traced.scope))) return;
  Flows flows{traced.scope};
  const auto listener = [&](const pcap_pkthdr& header, const unsigned char* bytes) {
    const auto segment = decode(capture->link(), bytes_of(header, bytes), header.len);
    if (segment) (void)flows.find(*segment, time_of(header));
    if (flows.all().size() > 1) capture->stop();
  };
  while (flows.all().size() <= 1) {
    const auto step = capture->dispatch(listener);
    if (!step || *step == Capture::Step::end) break;
  }
  if (flows.all().size() != 1 || !context.for_people()) return;
  const auto& only = flows.all().front();
  traced.addresses = {only.initiator.text(), only.responder.text()};
}

Exit run_file(Context& context, const Wishes& wishes) {
  drop_privileges();
  Traced traced{.kind = Traced::Kind::file, .text = wishes.target, .lifelines = {"client", "server"}};
  traced.scope.any = true;
  if (!wishes.target.empty()) {
    auto found = find_traced(context, wishes.target);
    if (!found) return context.fail(found.error());
    traced = std::move(*found);
  }
  traced.has_daemon = false;
  const auto name = *wishes.read;
  Fd file{name == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                      : ::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)};
  if (!file)
    return context.fail({Exit::failed, fmt::format("cannot read {}: {}", safe(name), errno_text(errno))});
  if (Fd other = again(file); other && traced.addresses.empty() && traced.lifelines.size() == 2) {
    look_ahead(context, traced, std::move(other), name);
    (void)::lseek(file.get(), 0, SEEK_SET);
  }
  auto capture = Capture::of_file(std::move(file), name);
  if (!capture) return context.fail(capture.error());
  return Run{context, wishes, traced, *capture}.file(traced);
}

Exit run_live(Context& context, const Wishes& wishes) {
  auto capture = Capture::live(wishes.interface, wishes.write ? kWhole : kHeaders);
  drop_privileges();
  if (!capture && capture.error().exit == Exit::not_allowed) return fall_back(context, wishes, own_program());
  if (!capture) return context.fail(capture.error());
  const auto traced = find_traced(context, wishes.target);
  if (!traced) return context.fail(traced.error());
  return Run{context, wishes, *traced, *capture}.live(*traced);
}

}  // namespace

Exit run(Context& context, const Arguments& arguments) {
  if (is_set_user_id())
    return context.fail({Exit::not_allowed, fmt::format("{} must not be set-user-ID; allow it to capture by "
                                                        "'setcap cap_net_raw+ep' instead",
                                                        safe(own_program()))});
  const auto wishes = wishes_of(context, arguments);
  if (!wishes) return context.fail(wishes.error());
  return wishes->read ? run_file(context, *wishes) : run_live(context, *wishes);
}

}  // namespace tcpctl::ctl::trace
