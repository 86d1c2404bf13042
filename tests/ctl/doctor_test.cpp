// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "ctl/doctor/findings.hpp"

namespace tcpctl::ctl::doctor {
namespace {

using Level = Finding::Level;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kStatus = R"({"version": ")" TCPCTL_VERSION R"(", "pid": 1,
  "limits": {"file_limit": 1048576, "max_connections": 1000000}})";

Json json(const std::string& text) { return *Json::parse(text); }

Json listener(const std::string& bound, const std::string& service = "echo") {
  return json(R"({"name": "web", "service": ")" + service + R"(", "addresses": [{"configured": ")" + bound +
              R"(", "bound": ")" + bound + R"("}]})");
}

/// A host and a daemon at which there is nothing to mend.
struct Doctor : testing::Test {
  Doctor() {
    host.sysctls = {{"net.core.somaxconn", "4096"},
                    {"net.ipv4.tcp_max_syn_backlog", "2048"},
                    {"net.ipv4.tcp_syncookies", "1"},
                    {"net.ipv4.ip_local_port_range", "32768\t60999"},
                    {"net.ipv4.ip_local_reserved_ports", ""},
                    {"net.ipv4.ip_unprivileged_port_start", "1024"},
                    {"net.ipv4.tcp_tw_reuse", "2"},
                    {"net.ipv4.tcp_max_tw_buckets", "131072"},
                    {"net.ipv4.tcp_fin_timeout", "60"},
                    {"net.netfilter.nf_conntrack_count", "10"},
                    {"net.netfilter.nf_conntrack_max", "1000"}};
    host.time_wait = 100;
    host.clock_is_set = true;
    host.files = {{kConfiguration, FileRights{0640, 0, 999}}, {kRuntime, FileRights{0750, 999, 999}}};
    host.group = 999;
    host.is_member = true;
    host.user = "ada";
    host.has_systemd = host.has_unit = host.is_enabled = true;
    host.daemon = ProcessFacts{1U << 10U, false, true, true};
    daemon.host = "unix:/run/tcpctl/api.sock";
    daemon.status = json(kStatus);
    daemon.listeners = {listener("0.0.0.0:8080")};
  }

  /// "advice somaxconn", of all that is not well.
  [[nodiscard]] std::vector<std::string> judged() const {
    std::vector<std::string> words;
    for (const auto& one : findings(host, daemon)) {
      if (one.level != Level::ok) words.push_back(std::string{text(one.level)} + " " + one.check);
    }
    return words;
  }
  [[nodiscard]] Finding found(const std::string& check) const {
    for (const auto& one : findings(host, daemon)) {
      if (one.check == check && one.level != Level::ok) return one;
    }
    return {Level::ok, "nothing of " + check, ""};
  }

  HostFacts host;
  DaemonFacts daemon;
};

TEST_F(Doctor, HasNothingToSayOfAHostThatIsWell) { EXPECT_THAT(judged(), IsEmpty()); }

TEST_F(Doctor, KnowsWhenTheDaemonIsDown) {
  daemon = {};
  daemon.failure = Failure{Exit::unreachable, "cannot reach it"};

  EXPECT_EQ(found("daemon").level, Level::problem);
  EXPECT_EQ(found("daemon").remedy, "sudo systemctl start tcpctld");
}

TEST_F(Doctor, SaysHowToComeIntoTheGroup) {
  host.is_member = false;
  EXPECT_EQ(found("group").remedy, "sudo adduser ada tcpctl, and log in again");
  host.will_be_member = true;
  EXPECT_THAT(found("group").text, HasSubstr("log in again"));
  host.is_root = true;
  EXPECT_THAT(judged(), IsEmpty());
}

TEST_F(Doctor, ComparesTheVersions) {
  daemon.status = json(R"({"version": "0.0.1"})");
  EXPECT_EQ(found("version").remedy, "sudo systemctl restart tcpctld");
}

TEST_F(Doctor, TellsOfWhatIsStuck) {
  daemon.problems = {{true, "listener web: 1 of 2 upstreams down since 12:03:00"},
                     {false, "client feed is paused"}};

  EXPECT_THAT(judged(), testing::ElementsAre("problem state", "advice state"));
  EXPECT_EQ(found("state").remedy, "tcpctl listener show web");
}

TEST_F(Doctor, AsksForFiles) {
  daemon.status =
      json(R"({"version": ")" TCPCTL_VERSION R"(", "limits": {"file_limit": 1024, "max_connections": 800}})");
  EXPECT_THAT(found("files").remedy, HasSubstr("LimitNOFILE=1048576"));
}

TEST_F(Doctor, SetsASysctlForNowAndForTheNextBoot) {
  host.sysctls["net.core.somaxconn"] = "128";
  EXPECT_EQ(
      found("somaxconn").remedy,
      "echo 'net.core.somaxconn = 4096' | sudo tee -a /etc/sysctl.d/60-tcpctl.conf && sudo sysctl --system");
  host.sysctls["net.ipv4.tcp_syncookies"] = "0";
  host.sysctls["net.ipv4.tcp_max_syn_backlog"] = "128";
  EXPECT_THAT(judged(), testing::ElementsAre("advice somaxconn", "advice syn backlog", "advice syncookies"));
}

TEST_F(Doctor, MindsPortsOfOutgoingConnections) {
  host.sysctls["net.ipv4.ip_local_port_range"] = "40000 41000";
  EXPECT_THAT(judged(), IsEmpty()) << "nothing connects";
  daemon.listeners = {listener("0.0.0.0:8080", "forward")};
  EXPECT_THAT(found("ports").text, HasSubstr("1001 ports"));
}

TEST_F(Doctor, MindsAListenerAmongOutgoingPorts) {
  daemon.listeners = {listener("127.0.0.1:40000")};
  host.sysctls["net.ipv4.ip_local_reserved_ports"] = "1000-1100,39999";

  EXPECT_THAT(found("ports").remedy, HasSubstr("ip_local_reserved_ports = 1000-1100,39999,40000"));

  host.sysctls["net.ipv4.ip_local_reserved_ports"] = "39000-40010";
  EXPECT_THAT(judged(), IsEmpty());
}

TEST_F(Doctor, MindsTimeWaitAndConntrack) {
  host.time_wait = 120'000;
  host.sysctls["net.ipv4.tcp_tw_reuse"] = "0";
  host.sysctls["net.ipv4.tcp_fin_timeout"] = "300";
  host.sysctls["net.netfilter.nf_conntrack_count"] = "990";

  EXPECT_THAT(judged(), testing::ElementsAre("advice time-wait", "advice time-wait", "advice time-wait",
                                             "problem conntrack"));
}

TEST_F(Doctor, MindsTheClock) {
  host.clock_is_set = false;
  EXPECT_EQ(found("clock").remedy, "sudo timedatectl set-ntp true");
}

TEST_F(Doctor, MindsWhoMayReadTheConfiguration) {
  host.files[kConfiguration] = FileRights{0644, 0, 0};
  EXPECT_EQ(found("permissions").level, Level::advice);
  host.files[kConfiguration] = FileRights{0600, 0, 0};
  EXPECT_EQ(found("permissions").level, Level::problem);
  EXPECT_EQ(found("permissions").remedy,
            "sudo chown root:tcpctl /etc/tcpctl/tcpctld.toml && sudo chmod 0640 /etc/tcpctl/tcpctld.toml");
}

TEST_F(Doctor, MissesTheFolderOfTheSocket) {
  host.files[kRuntime] = std::nullopt;
  EXPECT_EQ(found("permissions").remedy, "sudo systemd-tmpfiles --create tcpctl.conf");
}

TEST_F(Doctor, MindsALowPortThatTheDaemonMayNotBind) {
  daemon.listeners = {listener("0.0.0.0:80")};
  EXPECT_THAT(judged(), IsEmpty());
  host.daemon->capabilities = 0;
  EXPECT_THAT(found("capabilities").text, HasSubstr("port 80"));
  host.sysctls["net.ipv4.ip_unprivileged_port_start"] = "80";
  EXPECT_THAT(judged(), IsEmpty());
}

TEST_F(Doctor, MindsADaemonOutsideItsSandbox) {
  host.daemon->has_seccomp = false;
  EXPECT_THAT(found("sandbox").text, HasSubstr("without the sandbox"));
  host.daemon->is_root = true;
  EXPECT_THAT(found("sandbox").text, HasSubstr("as root"));
}

TEST_F(Doctor, MindsAUnitThatIsNotEnabled) {
  host.is_enabled = false;
  EXPECT_EQ(found("unit").remedy, "sudo systemctl enable tcpctld");
}

TEST_F(Doctor, SaysNothingOfWhatItCannotSee) {
  host = {};
  daemon = {};
  daemon.failure = Failure{Exit::unreachable, "cannot reach it"};
  EXPECT_THAT(judged(), testing::ElementsAre("problem daemon"));
}

TEST(DoctorHost, ReadsAProcess) {
  const auto facts = parse_process(
      "Name:\ttcpctld\nUid:\t0\t1\t2\t3\nCapEff:\t0000000000000400\nNoNewPrivs:\t1\nSeccomp:\t2\nodd\n:\n");

  EXPECT_EQ(facts.capabilities, 0x400U);
  EXPECT_TRUE(facts.is_root && facts.has_no_new_privileges && facts.has_seccomp);
}

TEST(DoctorHost, ReadsSocketsAndMembers) {
  EXPECT_EQ(parse_time_wait("sockets: used 3\nTCP: inuse 1 orphan 0 tw 17 alloc 5 mem 1\n"), 17U);
  EXPECT_EQ(parse_time_wait("TCP: inuse 1 tw x\n"), std::nullopt);
  EXPECT_THAT(parse_members("root:x:0:\ntcpctld:x:5:eve\ntcpctl:x:999:ada,bob\n", "tcpctl"),
              testing::ElementsAre("ada", "bob"));
  EXPECT_THAT(parse_members("tcpctl", "tcpctl"), IsEmpty());
}

struct DoctorTree : testing::Test {
  DoctorTree() {
    std::string name = (std::filesystem::temp_directory_path() / "tcpctl-doctor-XXXXXX").string();
    root = ::mkdtemp(name.data());
  }
  ~DoctorTree() override { std::filesystem::remove_all(root); }
  DoctorTree(const DoctorTree&) = delete;
  DoctorTree& operator=(const DoctorTree&) = delete;
  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path{root + path}.parent_path());
    std::ofstream{root + path, std::ios::binary} << text;
  }
  std::string root;
};

TEST_F(DoctorTree, ReadsWhatIsThere) {
  write("/proc/sys/net/core/somaxconn", "128\n");
  write("/proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n");
  write("/proc/net/sockstat", "TCP: inuse 1 orphan 0 tw 17 alloc 5 mem 1\n");
  write("/proc/7/comm", "tcpctld\n");
  write("/proc/7/status", "CapEff:\t0000000000000400\n");
  write("/lib/systemd/system/tcpctld.service", "");

  const auto facts = read_host(root, 7);

  EXPECT_EQ(facts.number("net.core.somaxconn"), 128U);
  EXPECT_EQ(facts.range("net.ipv4.ip_local_port_range"),
            (std::pair<std::uint64_t, std::uint64_t>{32768, 60999}));
  EXPECT_EQ(facts.time_wait, 17U);
  ASSERT_TRUE(facts.daemon);
  EXPECT_EQ(facts.daemon->capabilities, 0x400U);
  EXPECT_TRUE(facts.has_unit);
  EXPECT_FALSE(facts.is_enabled);
  EXPECT_FALSE(facts.files.at(kConfiguration));
}

TEST_F(DoctorTree, LeavesOutWhatIsOdd) {
  write("/proc/sys/net/core/somaxconn", "many\n");
  write("/proc/sys/net/ipv4/ip_local_port_range", "9 1\n");
  write("/proc/net/sockstat", std::string(200'000, 'x'));
  write("/proc/7/comm", "another\n");

  const auto facts = read_host(root, 7);

  EXPECT_EQ(facts.number("net.core.somaxconn"), std::nullopt);
  EXPECT_EQ(facts.range("net.ipv4.ip_local_port_range"), std::nullopt);
  EXPECT_EQ(facts.time_wait, std::nullopt);
  EXPECT_FALSE(facts.daemon);
}

}  // namespace
}  // namespace tcpctl::ctl::doctor
