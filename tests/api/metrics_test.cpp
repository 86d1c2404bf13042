// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "api/ask.hpp"

namespace tcpctl::api {
namespace {

class Metrics : public testing::Test {
 protected:
  test::Asker asker_;

  std::string text() { return asker_.get("/metrics").body; }
  static bool has_line(const std::string& text, const std::string& line) {
    return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
  }
};

TEST_F(Metrics, ArePlainTextForPrometheus) {
  EXPECT_EQ(asker_.get("/metrics").header("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
}

TEST_F(Metrics, HaveTheNamesOfTheContract) {
  asker_.control.client_rows[0].last_probe = test::sample_probe();
  asker_.control.client_rows[0].probing.emplace();
  asker_.control.client_rows[0].probing->results = {{"L7TOUT", 4}};
  asker_.control.client_rows[0].probing->skipped = 2;
  const auto all = text();

  for (
      const auto* line :
      {R"(tcpctl_build_info{version="0.1.0"} 1)",
       R"(tcpctl_listener_connections{listener="web"} 12)",
       R"(tcpctl_listener_connections_total{listener="web"} 9120)",
       R"(tcpctl_listener_refused_total{listener="web",reason="acl"} 3)",
       R"(tcpctl_listener_bytes_total{listener="web",direction="in"} 1)",
       R"(tcpctl_listener_accept_queue{listener="web"} 0)",
       R"(tcpctl_listener_accept_queue_limit{listener="web"} 4096)",
       R"(tcpctl_host_listen_overflows_total 3)",
       R"(tcpctl_host_listen_drops_total 5)",
       R"(tcpctl_history_entries 0)",
       R"(tcpctl_history_bytes 0)",
       R"(tcpctl_history_dropped_total 0)",
       R"(tcpctl_connections_closed_total{listener="web",first="remote",how="fin",reason="peer_fin"} 7)",
       R"(tcpctl_connections{state="ESTABLISHED"} 1)",
       R"(tcpctl_connection_duration_seconds_bucket{listener="web",le="0.001"} 7)",
       R"(tcpctl_connection_duration_seconds_bucket{listener="web",le="+Inf"} 7)",
       R"(tcpctl_connection_duration_seconds_count{listener="web"} 7)",
       R"(tcpctl_connection_rtt_seconds_count{client="feed"} 0)",
       R"(tcpctl_upstream_up{listener="web",upstream="u1"} 1)",
       R"(tcpctl_upstream_state{listener="web",upstream="u1",kind="admin",state="ready"} 1)",
       R"(tcpctl_upstream_weight{listener="web",upstream="u1"} 1)",
       R"(tcpctl_upstream_connections{listener="web",upstream="u1"} 4)",
       R"(tcpctl_upstream_connections_total{listener="web",upstream="u1"} 800)",
       R"(tcpctl_upstream_bytes_total{listener="web",upstream="u1",direction="in"} 7)",
       R"(tcpctl_listener_queued{listener="web"} 0)",
       R"(tcpctl_upstream_failures_total{listener="web",upstream="u1",reason="connect_refused"} 2)",
       R"(tcpctl_upstream_connections_closed_total{listener="web",upstream="u1",first="remote",how="fin",reason="peer_fin"} 5)",
       R"(tcpctl_upstream_connect_seconds_count{listener="web",upstream="u1"} 0)",
       R"(tcpctl_client_up{client="feed"} 1)",
       R"(tcpctl_client_attempts_total{client="feed",outcome="connect_refused"} 2)",
       R"(tcpctl_client_attempts_total{client="feed",outcome="connected"} 1)",
       R"(tcpctl_client_failures_total{client="feed",reason="peer_rst"} 4)",
       R"(tcpctl_client_connect_seconds_count{client="feed"} 0)",
       R"(tcpctl_client_heartbeat_seconds_count{client="feed"} 0)",
       R"(tcpctl_client_heartbeats_total{client="feed",outcome="answered"} 7)",
       R"(tcpctl_client_heartbeats_total{client="feed",outcome="missed"} 1)",
       R"(tcpctl_client_received_overwritten_bytes_total{client="feed"} 5)",
       R"(tcpctl_probe_success{client="feed"} 0)",
       R"(tcpctl_probe_phase_seconds{client="feed",phase="connect"} 0.0002)",
       R"(tcpctl_probe_phase_seconds{client="feed",phase="step_1"} 1)",
       R"(tcpctl_probe_runs_total{client="feed",result="L7TOUT"} 4)",
       R"(tcpctl_probe_skipped_total{client="feed"} 2)",
       R"(tcpctl_probe_late_total{client="feed"} 0)",
       R"(tcpctl_config_reload_success 1)",
       R"(tcpctl_log_dropped_total 0)",
       R"(tcpctl_access_log_dropped_total 5)",
       R"(tcpctl_access_log_errors_total 6)",
       R"(tcpctl_events_total 0)",
       R"(tcpctl_events_dropped_total 0)",
       R"(tcpctl_event_streams 0)",
       R"(tcpctl_event_streams_cut_total 0)"}) {
    EXPECT_TRUE(has_line(all, line)) << line;
  }
  EXPECT_NE(all.find("tcpctl_probe_duration_seconds{client=\"feed\"} 1.0002"), std::string::npos);
}

TEST_F(Metrics, LeaveOutWhatNoRowTells) {
  asker_.control.listener_rows.clear();
  asker_.control.client_rows.clear();
  const auto all = text();

  EXPECT_EQ(all.find("tcpctl_probe_success"), std::string::npos);
  EXPECT_EQ(all.find("tcpctl_listener_accept_queue"), std::string::npos);
}

TEST_F(Metrics, AddUpTheAcceptQueuesOfAListenersAddresses) {
  asker_.control.listener_rows[0].addresses = {{"a", "a", "listening", "", 3, 10},
                                               {"b", "b", "listening", "", 4, 20},
                                               {"unix:/c", "unix:/c", "listening", "", {}, {}}};
  const auto all = text();

  EXPECT_TRUE(has_line(all, R"(tcpctl_listener_accept_queue{listener="web"} 7)"));
  EXPECT_TRUE(has_line(all, R"(tcpctl_listener_accept_queue_limit{listener="web"} 30)"));
}

TEST_F(Metrics, HaveNoCountersOfTheHostWhereTheKernelDoesNotTell) {
  asker_.control.status_row.host.reset();

  EXPECT_EQ(text().find("tcpctl_host_"), std::string::npos);
}

TEST_F(Metrics, SayThatTheHostsCountersAreNotOfTheDaemonAlone) {
  const auto all = text();
  for (const auto* const name : {"overflows", "drops"}) {
    const auto help = all.find(std::string{"# HELP tcpctl_host_listen_"} + name);
    ASSERT_NE(help, std::string::npos);
    EXPECT_NE(all.substr(help, all.find('\n', help) - help).find("not only of tcpctld"), std::string::npos);
  }
}

TEST_F(Metrics, CountALostConnectionAsNoFailedAttempt) {
  asker_.control.client_rows[0].outcomes.clear();
  const auto all = text();

  EXPECT_TRUE(has_line(all, R"(tcpctl_client_attempts_total{client="feed",outcome="connected"} 0)"));
  EXPECT_EQ(all.find(R"(outcome="peer_rst")"), std::string::npos);
}

TEST_F(Metrics, HaveNoPeerInALabel) {
  const auto all = text();

  EXPECT_EQ(all.find("10.0.0"), std::string::npos);
  EXPECT_EQ(all.find("2-1417"), std::string::npos);
}

TEST_F(Metrics, PassThePromtoolCheck) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) GTEST_SKIP() << "promtool is not installed";
  asker_.control.client_rows[0].last_probe = test::sample_probe();
  std::FILE* const check = ::popen("promtool check metrics 2>&1", "w");
  ASSERT_NE(check, nullptr);
  const auto all = text();

  std::fwrite(all.data(), 1, all.size(), check);

  EXPECT_EQ(::pclose(check), 0);
}

}  // namespace
}  // namespace tcpctl::api
