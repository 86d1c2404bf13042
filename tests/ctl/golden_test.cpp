// SPDX-License-Identifier: Apache-2.0
// What people see, at three widths, against tests/ctl/golden. TCPCTL_UPDATE_GOLDEN=1 writes these files anew.
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "answers.hpp"
#include "fake_daemon.hpp"
#include "run_tcpctl.hpp"

namespace tcpctl::ctl::test {
namespace {

struct Case {
  std::string name;
  std::vector<std::string> arguments;
  std::string locale{"en_US.UTF-8"};
};

void PrintTo(const Case& sample, std::ostream* out) { *out << sample.name; }

class Golden : public ::testing::TestWithParam<std::tuple<Case, int>> {
 protected:
  Golden() {
    daemon_.answer("GET /v1/status", kStatus);
    daemon_.answer("GET /v1/listeners?limit=1000", page({kWeb, kHello, kEcho}));
    daemon_.answer("GET /v1/listeners/web", kWeb);
    daemon_.answer("GET /v1/clients?limit=1000", page({kFeed, kSmtp}));
    daemon_.answer("GET /v1/clients/smtp-check", kSmtp);
    daemon_.answer("GET /v1/clients/keep", kKeep);
    daemon_.answer("GET /v1/listeners/web/upstreams", page({kUpstream}));
    daemon_.answer("GET /v1/connections?limit=1000", page({kOpen, kOutbound}));
    daemon_.answer("GET /v1/connections/2-1417", kOpen);
    daemon_.answer("GET /v1/connections/1-9", kClosed);
    daemon_.answer("GET /v1/connections/1-20", kEndedClient);
    daemon_.answer("GET /v1/connections/1-21", kEndedUpstream);
    daemon_.answer("GET /v1/history?limit=1000", page({kClosed}));
  }
  FakeDaemon daemon_;
};

std::string contents(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST_P(Golden, LooksAsItDidAtThisWidth) {
  const auto& [sample, width] = GetParam();
  const auto path = std::string{TCPCTL_SOURCE_DIR} + "/tests/ctl/golden/" + sample.name + "-" +
                    std::to_string(width) + ".txt";
  auto arguments = sample.arguments;
  arguments.insert(arguments.begin(), {"--utc", "--host", daemon_.host()});

  auto ran =
      tcpctl(arguments, {.variables = {{"COLUMNS", std::to_string(width)}, {"LC_ALL", sample.locale}}});

  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(ran.exit, Exit::done);
  if (const auto at = ran.out.find(daemon_.host()); at != std::string::npos) {
    ran.out.replace(at, daemon_.host().size(), "unix:HOST");
  }
  if (std::getenv("TCPCTL_UPDATE_GOLDEN") != nullptr) std::ofstream{path, std::ios::binary} << ran.out;
  EXPECT_EQ(ran.out, contents(path));
}

INSTANTIATE_TEST_SUITE_P(
    Golden, Golden,
    ::testing::Combine(::testing::Values(Case{"overview", {}}, Case{"listener", {"listener"}},
                                         Case{"client", {"client"}}, Case{"conn", {"conn"}},
                                         Case{"history", {"history"}},
                                         Case{"upstream", {"upstream", "list", "web"}}),
                       ::testing::Values(60, 80, 120, 200)),
    [](const auto& sample) {
      return std::get<0>(sample.param).name + std::to_string(std::get<1>(sample.param));
    });

INSTANTIATE_TEST_SUITE_P(
    GoldenOfOneObject, Golden,
    ::testing::Combine(
        ::testing::Values(
            Case{"status", {"status"}}, Case{"listener-show", {"listener", "show", "web"}},
            Case{"client-show", {"client", "show", "smtp-check"}},
            Case{"client-show-keep", {"client", "show", "keep"}},
            Case{"client-show-keep-ascii", {"client", "show", "keep"}, "C"},
            Case{"conn-show", {"conn", "show", "2-1417"}}, Case{"conn-show-closed", {"conn", "show", "1-9"}},
            Case{"conn-show-session", {"conn", "show", "1-20"}},
            Case{"conn-show-session-ascii", {"conn", "show", "1-20"}, "C"},
            Case{"conn-columns", {"conn", "--columns", "rtt,id,remote"}},
            Case{"overview-json", {"-o", "json"}}, Case{"status-json", {"status", "-o", "json"}},
            Case{"listener-json", {"listener", "-o", "json"}}, Case{"client-json", {"client", "-o", "json"}},
            Case{"conn-json", {"conn", "-o", "json"}},
            Case{"conn-show-json", {"conn", "show", "2-1417", "-o", "json"}},
            Case{"history-json", {"history", "-o", "json"}}, Case{"history-csv", {"history", "-o", "csv"}},
            Case{"upstream-json", {"upstream", "list", "web", "-o", "json"}},
            Case{"conn-wide", {"conn", "-o", "wide"}}),
        ::testing::Values(80)),
    [](const auto& sample) {
      auto name = std::get<0>(sample.param).name;
      std::erase(name, '-');
      return name;
    });

}  // namespace
}  // namespace tcpctl::ctl::test
