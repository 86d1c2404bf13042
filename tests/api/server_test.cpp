// SPDX-License-Identifier: Apache-2.0
#include "api/server.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>

#include "api/raw_client.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using test::RawClient;

constexpr const char* kGetHealth = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

class ServerTest : public testing::Test {
 protected:
  test::TemporaryFolder folder_;
  test::FakeControlPlane control_;
  ApiOptions options_;
  std::unique_ptr<ApiServer> server_;

  ServerTest() {
    options_.http = "127.0.0.1:0";
    options_.socket = folder_ / "api.sock";
    options_.limits.linger_time = 50ms;
  }
  ~ServerTest() override { control_.release(); }

  void start() { server_ = ApiServer::start(options_, control_).value(); }
  RawClient over_http() { return RawClient{server_->http_address()}; }
  RawClient over_socket() { return RawClient{Address::unix_path(options_.socket)}; }
};

TEST_F(ServerTest, AnswersOnTheSocketAndOnLoopback) {
  start();

  EXPECT_EQ(over_socket().get("/v1/status").status, 200);
  EXPECT_EQ(over_http().get("/v1/status").status, 200);
  EXPECT_NE(server_->http_address().port(), 0);
  EXPECT_EQ(server_->metrics_address().family(), AF_UNSPEC);
}

TEST_F(ServerTest, AnswersOnIpv6Loopback) {
  options_.http = "[::1]:0";
  start();

  EXPECT_EQ(over_http().get("/healthz").status, 200);
}

TEST_F(ServerTest, TellsCallersApartByTheDoorTheyComeIn) {
  start();
  const std::string pause = "POST /v1/listeners/web/pause HTTP/1.1\r\nHost: localhost\r\n\r\n";
  auto http = over_http();
  auto socket = over_socket();

  http.send(pause);
  socket.send(pause);

  EXPECT_EQ(http.response().status, 401);
  EXPECT_EQ(socket.response().status, 200);
}

TEST_F(ServerTest, ServesManyRequestsOnOneConnection) {
  start();
  auto client = over_http();

  for (int i = 0; i < 50; ++i) ASSERT_EQ(client.get("/v1/status").status, 200) << i;
}

TEST_F(ServerTest, AnswersPipelinedRequestsInTheirOrder) {
  start();
  auto client = over_http();
  std::string all;
  for (int i = 0; i < 40; ++i) {
    all += i % 2 == 0 ? kGetHealth : "GET /v1/listeners/none HTTP/1.1\r\nHost: localhost\r\n\r\n";
  }

  client.send(all);

  for (int i = 0; i < 40; ++i) ASSERT_EQ(client.response().status, i % 2 == 0 ? 200 : 404) << i;
}

TEST_F(ServerTest, AnswersAClientThatHasFinishedSending) {
  start();
  auto client = over_http();

  client.send("GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n");
  client.finish();

  EXPECT_EQ(client.response().status, 200);
  EXPECT_TRUE(client.ends_clean());
}

TEST_F(ServerTest, ClosesWhereTheClientAsks) {
  start();
  auto client = over_http();

  client.send("GET /v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");

  EXPECT_EQ(client.response().header("Connection"), "close");
  EXPECT_TRUE(client.ends_clean());
}

TEST_F(ServerTest, RefusesAndClosesWithoutLosingTheAnswer) {
  start();
  auto client = over_http();

  client.send("POST /v1/config/check HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999\r\n\r\n" +
              std::string(500'000, 'x'));

  const auto response = client.response();
  EXPECT_EQ(response.status, 413);
  EXPECT_EQ(response.header("Connection"), "close");
  EXPECT_EQ(response.json().at("type"), "urn:tcpctl:problem:content-too-large");
  EXPECT_TRUE(client.ends_clean());
}

TEST_F(ServerTest, ServesNothingThatFollowsARefusedRequest) {
  start();
  auto client = over_socket();

  client.send(
      "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\nPOST /v1/listeners/web/pause HTTP/1.1\r\nHost: "
      "localhost\r\n\r\n");

  EXPECT_EQ(client.response().status, 400);
  EXPECT_TRUE(client.ends_clean());
  EXPECT_TRUE(control_.calls().empty());
}

TEST_F(ServerTest, GivesUpOnARequestThatDoesNotEnd) {
  options_.limits.request_time = 20ms;
  start();
  auto client = over_http();

  client.send("GET /v1/sta");

  EXPECT_EQ(client.response().status, 408);
  EXPECT_TRUE(client.ends_clean());
}

TEST_F(ServerTest, GivesADribblerNoMoreTimeThanOthers) {
  options_.limits.request_time = 30ms;
  start();
  auto client = over_http();
  std::thread dribbler{[&client] {
    const std::string bytes = "GET / HTTP/1.1\r\nX: " + std::string(15'000, 'x');
    for (const char c : bytes) client.send({c});  // stops by itself once the server has closed
  }};

  const auto status = client.response().status;
  dribbler.join();

  EXPECT_TRUE(status == 408 || status == 431) << status;
}

TEST_F(ServerTest, ClosesAConnectionThatSaysNothing) {
  options_.limits.idle_time = 20ms;
  start();
  auto client = over_http();

  EXPECT_TRUE(client.ends_clean());
}

TEST_F(ServerTest, ServesOthersWhileMostAreSilentOrSlow) {
  start();
  std::vector<std::unique_ptr<RawClient>> slow;
  for (int i = 0; i < 100; ++i) {
    slow.push_back(std::make_unique<RawClient>(server_->http_address()));
    if (i % 2 == 0) slow.back()->send("GET /v1/st");
  }

  EXPECT_EQ(over_http().get("/v1/status").status, 200);
  EXPECT_EQ(over_socket().get("/v1/status").status, 200);
}

TEST_F(ServerTest, TurnsConnectionsAboveTheLimitAwayWhereAllAreServed) {
  control_.block_status();
  options_.limits.connections = 2;
  start();
  auto one = over_http();
  auto two = over_http();
  for (auto* client : {&one, &two}) {
    ASSERT_EQ(client->get("/healthz").status, 200);
    client->send("GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }
  ASSERT_EQ(over_socket().get("/healthz").status, 200);  // what was sent before is seen by now

  auto three = over_http();
  const auto response = three.get("/healthz");
  control_.release();

  EXPECT_EQ(response.status, 503);
  EXPECT_TRUE(three.ends_clean());
  EXPECT_EQ(one.response().status, 200);
  EXPECT_EQ(two.response().status, 200);
}

TEST_F(ServerTest, MakesRoomByEndingTheConnectionThatWaitedLongest) {
  options_.limits.connections = 2;
  start();
  auto slow = over_http();
  auto kept = over_http();
  slow.send("GET /v1/st");
  ASSERT_EQ(kept.get("/healthz").status, 200);

  auto newcomer = over_http();

  EXPECT_EQ(newcomer.get("/healthz").status, 200);
  EXPECT_TRUE(slow.ends_clean());
  EXPECT_EQ(kept.get("/healthz").status, 200);
}

TEST_F(ServerTest, AnswersHealthWhileEveryWorkerWaits) {
  control_.block_status();
  options_.limits.workers = 2;
  start();
  std::vector<std::unique_ptr<RawClient>> waiting;
  for (int i = 0; i < 4; ++i) {
    waiting.push_back(std::make_unique<RawClient>(server_->http_address()));
    waiting.back()->send("GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }

  EXPECT_EQ(over_http().get("/healthz").status, 200);
  control_.release();

  for (auto& client : waiting) EXPECT_EQ(client->response().status, 200);
}

TEST_F(ServerTest, RefusesRequestsBeyondTheQueue) {
  control_.block_status();
  options_.limits.workers = 1;
  options_.limits.queue = 1;
  start();
  const std::string ask = "GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n";
  auto served = over_http();
  auto queued = over_http();
  auto refused = over_http();
  for (auto* client : {&served, &queued, &refused}) {
    client->send(ask);
    // Its own answer tells that the front has seen what came before on other connections too.
    EXPECT_EQ(over_http().get("/healthz").status, 200);
  }

  const auto response = refused.response();
  control_.release();

  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(served.response().status, 200);
  EXPECT_EQ(queued.response().status, 200);
}

TEST_F(ServerTest, TakesAScrapeThoughTheQueueOfLoopbackIsFull) {
  control_.block_status();
  options_.limits.workers = 1;
  options_.limits.queue = 1;
  options_.metrics_listen = "127.0.0.1:0";
  options_.access.metrics_allow = {parse_network("127.0.0.1").value()};
  start();
  auto served = over_http();
  auto queued = over_http();
  for (auto* client : {&served, &queued}) {
    client->send("GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_EQ(over_http().get("/healthz").status, 200);
  }
  RawClient scraper{server_->metrics_address()};

  scraper.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(RawClient{server_->metrics_address()}.get("/healthz").status, 200);
  control_.release();

  EXPECT_EQ(scraper.response().status, 200);
}

TEST_F(ServerTest, ServesOthersWhileBodiesThatDoNotEndHoldAllTheyMay) {
  options_.limits.held_bytes = 100'000;
  start();
  const std::string part =
      "POST /v1/config/check HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50000\r\n\r\n" +
      std::string(45'000, 'x');
  auto one = over_http();
  auto two = over_http();
  one.send(part);
  two.send(part);

  std::array<pollfd, 2> either{{{one.fd(), POLLIN, 0}, {two.fd(), POLLIN, 0}}};
  ASSERT_EQ(::poll(either.data(), either.size(), 60'000), 1);  // there is room for one of them
  auto& refused = either[0].revents != 0 ? one : two;
  auto operator_client = over_socket();
  operator_client.send(part + std::string(5'000, 'x'));

  EXPECT_EQ(refused.response().status, 503);
  EXPECT_EQ(over_http().get("/v1/status").status, 200);
  EXPECT_EQ(operator_client.response().status, 415);
}

TEST_F(ServerTest, LeavesThePeerThatDoesNotReadItsAnswer) {
  options_.limits.write_time = 50ms;
  control_.connection_page.items.assign(10'000, test::sample_connection());
  start();
  auto deaf = over_http();
  auto other = over_http();

  deaf.send("GET /v1/connections HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(other.get("/v1/status").status, 200);
  // The reset shows as the end of what can be written; then the front has let go.
  while (::send(deaf.fd(), "x", 1, MSG_NOSIGNAL) > 0) std::this_thread::yield();

  EXPECT_EQ(deaf.response().status, 0);
}

TEST_F(ServerTest, HoldsNoMoreBytesThanItMay) {
  options_.limits.held_bytes = 100'000;
  control_.connection_page.items.assign(1'000, test::sample_connection());
  start();

  const auto response = over_http().get("/v1/connections");

  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(over_http().get("/v1/status").status, 200);
}

TEST_F(ServerTest, AnswersALongListWhole) {
  control_.connection_page.items.assign(1'000, test::sample_connection());
  start();

  EXPECT_EQ(over_http().get("/v1/connections").json().at("items").size(), 1'000U);
}

TEST_F(ServerTest, StopsThoughACallIsUnderWay) {
  control_.block_status();
  start();
  auto client = over_http();
  client.send("GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(over_http().get("/healthz").status, 200);

  server_->stop();

  EXPECT_FALSE(over_socket().connected());
  (void)client.response();  // whether the cancelled call was still answered is left to chance
  EXPECT_EQ(client.get("/healthz").status, 0);
}

TEST_F(ServerTest, ChangesRolesForTheRequestsThatFollow) {
  start();
  auto client = over_http();
  ASSERT_EQ(client.get("/v1/status").status, 200);
  AccessOptions closed;
  closed.anonymous = "none";

  ASSERT_TRUE(server_->update_access(closed));

  EXPECT_EQ(client.get("/v1/status").status, 401);
}

TEST_F(ServerTest, KeepsTheRolesWhenNewOnesAreWrong) {
  start();
  AccessOptions wrong;
  wrong.tokens = {{"ci", "admin", "", "/nonexistent", ""}};

  EXPECT_EQ(server_->update_access(wrong).error().what,
            "api: token 'ci': /nonexistent: No such file or directory");
  EXPECT_EQ(over_http().get("/v1/status").status, 200);
}

TEST_F(ServerTest, ServesMetricsOnlyToTheNetworksGiven) {
  options_.metrics_listen = "127.0.0.1:0";
  options_.access.metrics_allow = {parse_network("127.0.0.1").value()};
  start();
  RawClient allowed{server_->metrics_address()};
  EXPECT_EQ(allowed.get("/metrics").status, 200);
  EXPECT_EQ(allowed.get("/v1/status").status, 404);

  ASSERT_TRUE(server_->update_access({}));

  RawClient refused{server_->metrics_address()};
  EXPECT_EQ(refused.response().status, 403);
}

TEST_F(ServerTest, GivesItsSocketTheRightMode) {
  start();
  struct stat status{};

  ASSERT_EQ(::stat(options_.socket.c_str(), &status), 0);

  EXPECT_EQ(status.st_mode & 07777U, 0660U);
}

TEST_F(ServerTest, RemovesItsSocketWhenItStops) {
  start();
  server_.reset();

  EXPECT_FALSE(std::filesystem::exists(options_.socket));
}

TEST_F(ServerTest, ReplacesASocketOnWhichNobodyAnswers) {
  {
    const Fd left{::socket(AF_UNIX, SOCK_STREAM, 0)};
    sockaddr_storage storage{};
    const auto length = Address::unix_path(options_.socket).to(storage);
    ASSERT_EQ(::bind(left.get(), reinterpret_cast<sockaddr*>(&storage), length), 0);
  }
  ASSERT_TRUE(std::filesystem::exists(options_.socket));

  start();

  EXPECT_EQ(over_socket().get("/healthz").status, 200);
}

TEST_F(ServerTest, LeavesTheSocketOfAnotherDaemonAlone) {
  start();
  auto second = options_;
  second.http = "";

  const auto refused = ApiServer::start(second, control_);

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::conflict);
  EXPECT_EQ(refused.error().what, "api.socket: " + options_.socket + ": another daemon answers there");
  EXPECT_EQ(over_socket().get("/healthz").status, 200);
}

TEST_F(ServerTest, LeavesAFileThatIsNoSocketAlone) {
  options_.socket = folder_ / "file";
  std::fclose(std::fopen(options_.socket.c_str(), "w"));

  EXPECT_EQ(ApiServer::start(options_, control_).error().code, Errc::conflict);
  EXPECT_TRUE(std::filesystem::exists(options_.socket));
}

TEST_F(ServerTest, BindsOnlyWhereItMay) {
  const auto refusal = [this](const std::string& http) {
    options_.http = http;
    return ApiServer::start(options_, control_).error().what;
  };

  EXPECT_EQ(refusal("0.0.0.0:0"),
            "api.http: '0.0.0.0:0' is not a loopback address; write 127.0.0.1:PORT or [::1]:PORT");
  EXPECT_NE(refusal("localhost:0").find("api.http: "), std::string::npos);
  options_.socket = folder_ / std::string(200, 'x');
  EXPECT_EQ(ApiServer::start(options_, control_).error().code, Errc::invalid_argument);
}

TEST_F(ServerTest, SaysWhichPortIsTaken) {
  start();
  ApiOptions second;
  second.http = server_->http_address().text();

  EXPECT_EQ(ApiServer::start(second, control_).error().what,
            "api.http: " + second.http + ": Address already in use");
}

}  // namespace
}  // namespace tcpctl
