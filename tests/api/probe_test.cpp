// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "api/ask.hpp"

namespace tcpctl::api {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class ProbeTest : public testing::Test {
 protected:
  test::Asker asker_;
  test::FakeControlPlane& control_{asker_.control};

  test::Response probe(const std::string& parameters, const std::string& scrape_timeout = "") {
    std::vector<HttpRequest::Header> headers;
    if (!scrape_timeout.empty()) headers.push_back({"x-prometheus-scrape-timeout-seconds", scrape_timeout});
    return asker_.ask("GET", "/probe?" + parameters, "", headers);
  }
  std::optional<Duration> timeout(const std::string& header) {
    EXPECT_EQ(probe("target=a:1&module=m", header).status, 200) << header;
    return control_.probe_question.timeout;
  }
  std::string refusal(const std::string& parameters) {
    const auto response = probe(parameters);
    EXPECT_EQ(response.status, 400) << parameters;
    return response.status == 400 ? response.json().at("detail").get<std::string>() : "";
  }
  void answer(const ProbeRow& row) { control_.probe_answer = ControlPlane::ProbeAnswer{row, 5s, "{}"}; }
  static ProbeRow mail_probe() {
    ProbeRow row;
    row.success = true;
    row.result = "L7OK";
    row.address = test::ip("192.0.2.7:25");
    row.at = test::sample_time();
    row.took = 30ms;
    row.resolve = 2ms;
    row.connect = 8ms;
    row.close = 1ms;
    row.steps = {{1, "expect", true, 20ms}};
    return row;
  }
};

TEST_F(ProbeTest, AnswersTheMetricsOfBlackboxExporter) {
  answer(mail_probe());

  const auto response = probe("target=mail.example:25&module=smtp");

  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.header("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  std::string samples;
  for (std::size_t at = 0; at < response.body.size();) {
    const auto end = response.body.find('\n', at);
    if (response.body[at] != '#') samples += response.body.substr(at, end + 1 - at);
    at = end + 1;
  }
  EXPECT_EQ(samples,
            "probe_dns_lookup_time_seconds 0.002\n"
            "probe_duration_seconds 0.03\n"
            "probe_failed_due_to_bytes 0\n"
            "probe_failed_due_to_regex 0\n"
            "probe_ip_addr_hash 1936431214\n"
            "probe_ip_protocol 4\n"
            "probe_success 1\n"
            "probe_timeout_seconds 5\n"
            "tcpctl_probe_phase_seconds{phase=\"resolve\"} 0.002\n"
            "tcpctl_probe_phase_seconds{phase=\"connect\"} 0.008\n"
            "tcpctl_probe_phase_seconds{phase=\"step_1\"} 0.02\n"
            "tcpctl_probe_phase_seconds{phase=\"close\"} 0.001\n"
            "tcpctl_probe_result{result=\"L7OK\",failed_step=\"\"} 1\n");
  EXPECT_THAT(response.body,
              HasSubstr("# HELP probe_success Displays whether or not the probe was a success\n"
                        "# TYPE probe_success gauge\n"));
}

TEST_F(ProbeTest, AsksForTheModuleAndTheTarget) {
  EXPECT_EQ(probe("target=%5B::1%5D:25&module=smtp").status, 200);

  const auto& question = control_.probe_question;
  EXPECT_EQ(question.module, "smtp");
  EXPECT_EQ(question.target.text(), "[::1]:25");
  EXPECT_EQ(question.timeout, std::nullopt);
  EXPECT_TRUE(question.anywhere) << "an admin may";
  EXPECT_FALSE(question.redact);
}

TEST_F(ProbeTest, HoldsWhoMayOnlyReadToTheProbeTargets) {
  asker_.peer.door = Door::http;
  asker_.peer.remote = test::ip("127.0.0.1:5");

  EXPECT_EQ(probe("target=a:1&module=m").status, 200);

  EXPECT_FALSE(control_.probe_question.anywhere);
  EXPECT_TRUE(control_.probe_question.redact);
}

TEST_F(ProbeTest, IsServedToAPrometheusElsewhere) {
  asker_.peer.door = Door::metrics;
  asker_.peer.remote = test::ip("10.0.0.9:5");

  EXPECT_EQ(probe("target=a:1&module=m").status, 200);

  EXPECT_FALSE(control_.probe_question.anywhere);
}

TEST_F(ProbeTest, AnswersASentenceWhereTheTargetIsNotAllowed) {
  control_.probe_answer = fail(Errc::denied, "target '10.0.0.1:25' is in none of api.probe_targets");

  const auto response = probe("target=10.0.0.1:25&module=m");

  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(response.json().at("detail"), "target '10.0.0.1:25' is in none of api.probe_targets");
}

TEST_F(ProbeTest, TakesTheTimeoutOfTheScrapeLessHalfASecond) {
  EXPECT_EQ(timeout("10"), 9500ms);
  EXPECT_EQ(timeout("0.75"), 250ms);
  EXPECT_EQ(timeout("1e1"), 9500ms);
  for (const auto* none : {"0.5", "0", "-3", "1e9", "inf"}) EXPECT_EQ(timeout(none), std::nullopt) << none;
  for (const auto* wrong : {"x", "nan", "5s", "1 2"})
    EXPECT_EQ(probe("target=a:1&module=m", wrong).status, 400) << wrong;
}

TEST_F(ProbeTest, CountsTheWaitForItsTurnAgainstTheScrape) {
  asker_.since = now() - 2s;
  EXPECT_EQ(timeout("10"), 9500ms) << "that is what is shown";
  EXPECT_GE(control_.probe_question.waited, 2s);
  EXPECT_EQ(timeout(""), std::nullopt);

  const auto late = probe("target=a:1&module=m", "2.5");

  EXPECT_EQ(late.status, 503);
  EXPECT_THAT(late.json().at("detail").get<std::string>(), HasSubstr("all the time of this scrape"));
}

TEST_F(ProbeTest, RefusesATargetThatIsNone) {
  EXPECT_EQ(refusal("module=m"), "Target parameter is missing");
  EXPECT_EQ(refusal("module=m&target="), "Target parameter is missing");
  EXPECT_EQ(refusal("target=a:1"), "Module parameter is missing");
  for (const auto* target : {"host", "host:", "host:0", "host:65536", "host:x", ":25", "a%00b:25", "a%0ab:25",
                             "a%20b:25", "-a:25", "http://a:25", "[::1:25", "::1:25", "a:25:26",
                             "srv:_smtp._tcp.example", "unix:/run/x.sock", "%ff:25"}) {
    EXPECT_FALSE(refusal(fmt::format("module=m&target={}", target)).empty()) << target;
  }
  EXPECT_THAT(refusal("module=m&target=" + std::string(2'048, 'a')), HasSubstr("2048 bytes"));
  EXPECT_EQ(control_.probe_question.module, "") << "nobody was asked";
}

TEST_F(ProbeTest, TellsWhatFailedAsBlackboxExporterDoes) {
  auto row = mail_probe();
  row.success = false;
  row.failed_step = 1;
  row.steps[0].ok = false;
  const auto metrics = [&](const char* kind, const char* cause) {
    row.steps[0].kind = kind;
    row.cause = cause;
    row.result = std::string_view{cause} == "eof" ? "L7EOF" : "L7RSP";
    answer(row);
    return probe("target=a:1&module=m").body;
  };

  const auto regex = metrics("expect", "eof");
  EXPECT_THAT(regex, HasSubstr("\nprobe_failed_due_to_regex 1\n"));
  EXPECT_THAT(regex, HasSubstr("\nprobe_failed_due_to_bytes 0\n"));
  EXPECT_THAT(regex, HasSubstr("\nprobe_success 0\n"));
  EXPECT_THAT(regex, HasSubstr(R"(tcpctl_probe_result{result="L7EOF",failed_step="1"} 1)"));
  EXPECT_THAT(metrics("reject", "mismatch"), HasSubstr("\nprobe_failed_due_to_regex 1\n"));
  EXPECT_THAT(metrics("expect_bytes", "mismatch"), HasSubstr("\nprobe_failed_due_to_bytes 1\n"));
  for (const auto* unread : {"reset", "overflow", "timeout"}) {
    EXPECT_THAT(metrics("expect", unread), HasSubstr("\nprobe_failed_due_to_regex 0\n")) << unread;
    EXPECT_THAT(metrics("expect_bytes", unread), HasSubstr("\nprobe_failed_due_to_bytes 0\n")) << unread;
  }
  EXPECT_THAT(metrics("expect_bytes", "eof"), HasSubstr("\nprobe_failed_due_to_bytes 0\n"));
}

TEST_F(ProbeTest, LeavesOutWhatDidNotHappen) {
  ProbeRow row;
  row.result = "L4UNR";
  row.got = "no such name";
  row.at = test::sample_time();
  answer(row);

  const auto text = probe("target=a:1&module=m").body;

  EXPECT_THAT(text, HasSubstr("\nprobe_ip_protocol 0\n"));
  EXPECT_THAT(text, HasSubstr("\nprobe_ip_addr_hash 0\n"));
  EXPECT_THAT(text, Not(HasSubstr("probe_failed_due_to")));
  EXPECT_THAT(text, Not(HasSubstr("tcpctl_probe_phase_seconds")));
}

TEST_F(ProbeTest, AnswersPeopleWithTheLogTheMetricsAndTheModule) {
  auto row = mail_probe();
  row.success = false;
  row.result = "L7RSP";
  row.failed_step = 1;
  row.steps[0].ok = false;
  row.got = "554 \"no\"";
  control_.probe_answer = ControlPlane::ProbeAnswer{row, 5s, R"({"mode":"probe"})"};

  const auto response = probe("target=mail.example:25&module=smtp&debug=true");

  EXPECT_EQ(response.header("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_THAT(response.body, testing::StartsWith("Logs for the probe:\n"));
  EXPECT_THAT(response.body, HasSubstr("msg=\"Connected\" address=192.0.2.7:25 duration_seconds=0.008"));
  EXPECT_THAT(response.body, HasSubstr("msg=\"Step failed\" step=1 kind=expect"));
  EXPECT_THAT(response.body, HasSubstr("result=L7RSP got=\"554 \\\"no\\\"\""));
  EXPECT_THAT(response.body, HasSubstr("\n\n\nMetrics that would have been returned:\n# HELP probe_dns"));
  EXPECT_THAT(response.body, HasSubstr("\n\n\nModule configuration:\n{\n  \"mode\": \"probe\"\n}\n"));
}

}  // namespace
}  // namespace tcpctl::api
