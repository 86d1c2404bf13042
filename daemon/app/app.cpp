// SPDX-License-Identifier: Apache-2.0
#include "app/app.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <event2/thread.h>
#include <signal.h>

#include "api/openapi.hpp"
#include "api/server.hpp"
#include "app/command_line.hpp"
#include "app/control.hpp"
#include "app/key_table.hpp"
#include "app/supervisor.hpp"
#include "app/systemd.hpp"
#include "app/watchdog.hpp"
#include "base/log.hpp"
#include "config/json_schema.hpp"
#include "tcp/socket.hpp"

namespace tcpctl {
namespace {

void print_error(const std::string& text) { std::fprintf(stderr, "tcpctld: %s\n", text.c_str()); }

std::size_t worker_count(const config::Config& config) {
  if (config.daemon.workers > 0) return config.daemon.workers;
  return std::max(1U, std::thread::hardware_concurrency());
}

AccessOptions access_options(const config::Api& api) {
  AccessOptions options;
  options.anonymous = api.anonymous;
  options.roles = api.roles;
  options.allowed_hosts = api.allowed_hosts;
  options.metrics_allow = api.metrics_allow;
  for (const auto& token : api.tokens) {
    options.tokens.push_back({token.name, token.role, token.sha256, token.file, token.credential});
  }
  return options;
}

ApiOptions api_options(const config::Api& api) {
  ApiOptions options;
  options.socket = api.socket;
  options.http = api.http;
  options.metrics_listen = api.metrics_listen;
  options.access = access_options(api);
  return options;
}

Resolver::Options dns_options(const config::Dns& dns) {
  Resolver::Options options;
  options.servers = dns.servers;
  options.attempt_timeout = dns.timeout;
  options.attempts = dns.attempts;
  return options;
}

/// The running daemon: what exists while it runs, in the order in which it begins; it ends in the reverse
/// order.
class App {
 public:
  App(const CommandLine& line, const Sources& sources, Design design, Limits limits,
      std::unique_ptr<StatsBook> stats, SocketKeeper keeper)
      : line_{line},
        limits_{limits},
        stats_{std::move(stats)},
        api_socket_{std::make_shared<Fd>(keeper.take_api())},
        carry_end_{keeper.take_carry()},
        crew_{worker_count(*design.config), limits.connections, design.config->history.connections,
              limits.pipes, dns_options(design.config->dns)},
        supervisor_{loop_, crew_, *stats_, sources, limits, std::move(keeper)},
        control_{loop_, crew_, supervisor_},
        design_{std::move(design)} {}

  Result<void> run();

 private:
  void on_signal(int number);
  void reload_by_signal();
  static void on_signal_event(evutil_socket_t number, short what, void* self);
  void watch_signals();
  [[nodiscard]] Carry take_over();
  [[nodiscard]] std::unique_ptr<Watchdog> watch_loops();

  const CommandLine& line_;
  const Limits limits_;
  Loop loop_{"main"};
  std::unique_ptr<StatsBook> stats_;
  std::shared_ptr<Fd> api_socket_;
  Fd carry_end_;
  CrewThreads crew_;
  Supervisor supervisor_;
  Control control_;
  Design design_;
  std::unique_ptr<ApiServer> api_;
  std::optional<tcp::OwnAddresses> own_addresses_;
  std::array<EventPtr, 5> signals_;
  bool is_told_to_stop_{false};
};

Carry App::take_over() {
  if (!carry_end_) return {};
  auto carry = take_carry(std::move(carry_end_));
  systemd::unstore(SocketKeeper::kCarry);
  if (carry) return *std::move(carry);
  log::error("restart.not_resumed", log::f("error", carry.error().what),
             log::f("effect", "the connections of the process before are closed"));
  return {};
}

std::unique_ptr<Watchdog> App::watch_loops() {
  const auto interval = systemd::watchdog_interval();
  if (!interval) return nullptr;
  auto watched = crew_.watched();
  watched.push_back({loop_.name(), [this](Loop::Task task) { loop_.post(std::move(task)); }});
  for (auto& [name, post] : api_->threads()) watched.push_back({name, std::move(post)});
  return std::make_unique<Watchdog>(std::move(watched), *interval, &systemd::feed_watchdog);
}

Result<void> App::run() {
  watch_signals();
  supervisor_.set_hooks({[this](const config::Config& config) {
                           return api_ ? api_->update_access(access_options(config.api)) : Result<void>{};
                         },
                         [this] { loop_.stop(); }});
  crew_.keep_records(line_.records);
  crew_.start();
  auto options = api_options(design_.config->api);
  options.limits.probes = probers(limits_.files);
  if (*api_socket_) options.passed = api_socket_;
  if (auto started = supervisor_.start(std::move(design_), line_.strict, take_over()); !started)
    return started;
  auto api = ApiServer::start(options, control_);
  if (!api) return tl::make_unexpected(std::move(api).error());
  api_ = std::move(*api);
  own_addresses_.emplace(std::vector<Address>{api_->http_address(), api_->metrics_address(),
                                              Address::unix_path(options.socket)});
  log::info("daemon.limits", log::f("files", limits_.files),
            log::f("reserve", file_reserve(limits_.files, crew_.size())),
            log::f("max_connections", limits_.connections));
  log::info("daemon.started", log::f("version", TCPCTL_VERSION), log::f("workers", crew_.size()),
            log::f("max_connections", crew_.crew().max_connections.read()), log::f("api", options.socket),
            log::f("http", api_->http_address().text()));
  systemd::ready();
  {
    const auto watchdog = watch_loops();
    loop_.run();
  }
  api_->stop();
  crew_.stop();
  supervisor_.finish();
  log::info("daemon.stopped");
  return {};
}

void App::watch_signals() {
  ::signal(SIGPIPE, SIG_IGN);
  constexpr std::array kSignals{SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2};
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    signals_[i].reset(evsignal_new(loop_.base(), kSignals[i], &App::on_signal_event, this));
    event_add(signals_[i].get(), nullptr);
  }
}

void App::on_signal_event(evutil_socket_t number, short /*what*/, void* self) {
  static_cast<App*>(self)->on_signal(number);
}

void App::on_signal(int number) {
  switch (number) {
    case SIGHUP:
      reload_by_signal();
      return;
    case SIGUSR1:
      log::reopen();
      supervisor_.reopen_access_log();
      return;
    case SIGUSR2:
      is_told_to_stop_ = true;
      return;
    case SIGTERM:
      // systemd sends it for a restart as well as for a stop; who can tell says SIGUSR2 before.
      if (systemd::is_manager() && !is_told_to_stop_) {
        supervisor_.leave();
      } else {
        supervisor_.stop();
      }
      return;
    default:
      supervisor_.stop();
      return;
  }
}

// Whose signal it was libevent does not tell.
void App::reload_by_signal() {
  Change change;
  change.who = "signal";
  change.what = "reload_config";
  change.outcome = supervisor_.reload().ok ? Change::Outcome::done : Change::Outcome::failed;
  log::info("signal.change", log::f("who", change.who), log::f("signal", "SIGHUP"),
            log::f("what", change.what), log::f("outcome", text(change.outcome)));
  supervisor_.events().tell_change(std::move(change));
}

int fail_with(const config::Mistakes& mistakes) {
  for (const auto& mistake : mistakes) std::fprintf(stderr, "%s\n", mistake.text().c_str());
  return 1;
}

/// What must be known before anything can be made of the configuration.
struct Basics {
  config::Log log;
  std::size_t workers;
  std::uint64_t max_connections;
};

config::Checked<Basics> try_out(const Sources& sources) {
  StatsBook scratch{1};
  const auto trial = load(sources, scratch);
  if (!trial) return tl::make_unexpected(trial.error());
  const config::Config& config = *trial->config;
  return Basics{config.log, worker_count(config), config.daemon.max_connections};
}

int start(const CommandLine& line) {
  const auto sources = find_sources(line.file, line.is_service);
  const auto basics = try_out(sources);
  if (!basics) return fail_with(basics.error());
  if (line.action == CommandLine::Action::check_config) return 0;
  const auto& [log, workers, max_connections] = *basics;
  if (auto started = log::start(log.level, log.target, log.format); !started) {
    print_error(started.error().what);
    return 1;
  }
  auto stats = std::make_unique<StatsBook>(workers);
  auto design = load(sources, *stats);
  if (!design) return fail_with(design.error());
  const Limits limits = take_limits(max_connections, workers);
  SocketKeeper keeper{systemd::is_manager()};
  keeper.take(systemd::take_passed());
  const auto app =
      std::make_unique<App>(line, sources, std::move(*design), limits, std::move(stats), std::move(keeper));
  const auto ran = app->run();
  log::stop();
  if (ran) return 0;
  print_error(ran.error().what);
  return 1;
}

}  // namespace

int run_daemon(int argc, char** argv) {
  int status = 0;
  const auto line = parse_command_line(argc, argv, status);
  if (!line) return status;
  if (line->action == CommandLine::Action::print_keys) {
    std::fputs(config::print_keys(key_table()).c_str(), stdout);
    return 0;
  }
  if (line->action == CommandLine::Action::print_manual) {
    std::fputs(config::print_manual(key_table()).c_str(), stdout);
    return 0;
  }
  if (line->action == CommandLine::Action::print_api) {
    std::puts(api::openapi_document(config::json_schemas(key_table())).c_str());
    return 0;
  }
  try {
    return start(*line);
  } catch (const std::exception& error) {
    print_error(error.what());
    return 1;
  }
}

}  // namespace tcpctl
