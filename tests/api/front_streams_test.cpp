// SPDX-License-Identifier: Apache-2.0
// Streams of events, over the server as its users have it.
#include "api/front_streams.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <sys/resource.h>

#include "api/raw_client.hpp"
#include "api/server.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using test::RawClient;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// A reader of a stream of events.
class Watcher {
 public:
  Watcher(const Address& address, const std::string& query, const std::string& headers = "")
      : client_{address} {
    client_.send("GET /v1/events" + query + " HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n" +
                 headers + "\r\n");
  }

  /// All that came, once it has `text` in it; or what there is when the stream ends.
  const std::string& until(const std::string& text) {
    while (got_.find(text) == std::string::npos && receive()) {
    }
    return got_;
  }
  /// Reads on up to the end of the stream; false if that does not come.
  bool ends() {
    while (receive()) {
    }
    return last_ == 0;
  }
  [[nodiscard]] std::size_t size() const { return got_.size(); }

 private:
  bool receive() {
    std::array<char, 65536> part{};
    do last_ = ::recv(client_.fd(), part.data(), part.size(), 0);
    while (last_ < 0 && errno == EINTR);  // as after a stop, for it has a timeout
    if (last_ <= 0) return false;
    got_.append(part.data(), static_cast<std::size_t>(last_));
    return true;
  }

  RawClient client_;
  std::string got_;
  ssize_t last_{0};
};

/// How far the thread `name` of this process gives way: nice(2); nothing where there is none.
std::optional<int> nice_of(const std::string& name) {
  for (const auto& task : std::filesystem::directory_iterator{"/proc/self/task"}) {
    std::string told;
    std::getline(std::ifstream{task.path() / "comm"}, told);
    const auto id = static_cast<id_t>(std::stoul(task.path().filename()));
    if (told == name) return ::getpriority(PRIO_PROCESS, id);
  }
  return std::nullopt;
}

class FrontStreamsTest : public testing::Test {
 protected:
  FrontStreamsTest() {
    options_.http = "127.0.0.1:0";
    options_.socket = folder_ / "api.sock";
    options_.limits.heartbeat = 1h;  // who asserts what follows what wants no beat between
  }

  void start() { server_ = ApiServer::start(options_, control_).value(); }
  Watcher watch(const std::string& query = "", const std::string& headers = "") {
    return Watcher{Address::unix_path(options_.socket), query, headers};
  }
  RawClient caller() { return RawClient{Address::unix_path(options_.socket)}; }
  /// Waits for what the front tells; each look is a call over the API, so that this does not spin.
  template <class Condition>
  bool await(Condition condition) {
    auto client = caller();
    for (int i = 0; i < 10'000; ++i) {
      if (condition()) return true;
      if (client.get("/healthz").status != 200) client = caller();
    }
    return false;
  }
  bool await_streams(std::uint64_t count) {
    return await([&] { return control_.streams_open == count; });
  }

  test::TemporaryFolder folder_;
  test::FakeControlPlane control_;
  ApiOptions options_;
  std::unique_ptr<ApiServer> server_;
};

TEST_F(FrontStreamsTest, TellWhatHappensFromNowOn) {
  control_.event_book.add(test::sample_events());
  start();
  auto watcher = watch();
  EXPECT_THAT(watcher.until("id: 3\n\n"),
              StartsWith("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"));

  control_.happen(test::sample_events());

  const auto& got = watcher.until("id: 6\n");
  EXPECT_THAT(got, HasSubstr("id: 4\nevent: opened\ndata: {\"seq\":4,"));
  EXPECT_THAT(got, HasSubstr("id: 5\nevent: closed\n"));
  EXPECT_THAT(got, Not(HasSubstr("\"seq\":3,")));
}

TEST_F(FrontStreamsTest, GoOnBehindTheLastEventThatTheReaderHad) {
  control_.event_book.add(test::sample_events());
  start();

  const auto by_header = watch("?since=0", "Last-Event-ID: 1\r\n").until("id: 3\n");
  const auto by_number = watch("?since=2").until("id: 3\n");

  EXPECT_THAT(by_header, HasSubstr("id: 1\n\nid: 2\nevent: closed\n"));
  EXPECT_THAT(by_number, HasSubstr("id: 2\n\nid: 3\nevent: client_up\n"));
}

TEST_F(FrontStreamsTest, TellHowManyAreMissing) {
  control_.event_book.set_limit(3);
  control_.event_book.add(test::sample_events());
  control_.event_book.add(test::sample_events());
  start();

  EXPECT_THAT(watch("?since=1").until("id: 4\n"),
              HasSubstr("id: 3\nevent: dropped\ndata: {\"dropped\":2}\n\nid: 4\n"));
}

TEST_F(FrontStreamsTest, BeatWithTheNumberUpToWhichNothingWasWanted) {
  options_.limits.heartbeat = 20ms;
  start();
  auto watcher = watch("?client=feed");
  watcher.until("id: 0\n\n:\n\n");
  auto batch = test::sample_events();
  batch.events.resize(2);

  control_.happen(std::move(batch));

  EXPECT_THAT(watcher.until("id: 2\n"), HasSubstr(":\nid: 2\n\n"));
}

TEST_F(FrontStreamsTest, PassOnOnlyWhatTheFilterMatches) {
  control_.event_book.add(test::sample_events());
  start();

  const auto got = watch("?since=0&type=client_up").until("id: 3\n");

  EXPECT_THAT(got, Not(HasSubstr("event: opened")));
  EXPECT_THAT(got, HasSubstr("event: client_up"));
}

TEST_F(FrontStreamsTest, AreNoMoreThanTheLimit) {
  options_.limits.streams = 2;
  start();
  auto one = watch();
  auto two = watch();
  one.until("id: 0\n");
  two.until("id: 0\n");

  EXPECT_THAT(watch().until("\r\n\r\n{"), StartsWith("HTTP/1.1 503 Service Unavailable\r\n"));
  EXPECT_EQ(caller().get("/v1/events").status, 200);
}

TEST_F(FrontStreamsTest, KeepPlacesForTheUnixSocketHoweverManyComeOverHttp) {
  options_.limits.streams = 3;
  options_.limits.streams_kept = 2;
  start();
  const Address http = server_->http_address();
  Watcher stranger{http, ""};
  stranger.until("id: 0\n");

  EXPECT_THAT(
      (Watcher{http, ""}.until("\r\n\r\n{")),
      AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("1 streams of events are open already over HTTP")));
  auto one = watch();
  auto two = watch();
  EXPECT_THAT(one.until("id: 0\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(two.until("id: 0\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(watch().until("\r\n\r\n{"), StartsWith("HTTP/1.1 503 "));
}

TEST_F(FrontStreamsTest, LeaveAllPlacesToTheUnixSocketWhereNobodyElseComes) {
  options_.limits.streams = 2;
  options_.limits.streams_kept = 1;
  start();
  auto one = watch();
  auto two = watch();
  one.until("id: 0\n");
  two.until("id: 0\n");
  EXPECT_TRUE(await_streams(2));

  EXPECT_THAT((Watcher{server_->http_address(), ""}.until("\r\n\r\n{")), StartsWith("HTTP/1.1 503 "));
}

TEST_F(FrontStreamsTest, AreWrittenWhereTheyGiveWayAndTheFrontDoesNot) {
  start();
  auto watcher = watch();
  watcher.until("id: 0\n");

  EXPECT_EQ(nice_of("api"), ::getpriority(PRIO_PROCESS, 0));
  EXPECT_TRUE(await([] { return nice_of("api-events-0") > nice_of("api"); }));  // each begins with it
  EXPECT_TRUE(await([] { return nice_of("api-events-0") == nice_of("api-0"); }));
}

TEST_F(FrontStreamsTest, NoticeAReaderThatLeaves) {
  start();
  {
    auto watcher = watch();
    watcher.until("id: 0\n");
    EXPECT_TRUE(await_streams(1));
  }

  EXPECT_TRUE(await_streams(0));
  EXPECT_EQ(control_.streams_cut, 0U);
}

TEST_F(FrontStreamsTest, CutAReaderThatDoesNotReadAndServeTheOthers) {
  options_.limits.stall_time = 50ms;
  start();
  auto stalled = watch("?since=0");
  EXPECT_TRUE(await_streams(1));
  const auto flood = [&] {
    auto batch = test::sample_events();
    batch.events.resize(1);
    batch.events.resize(500, batch.events.front());
    control_.happen(std::move(batch));
    return control_.streams_cut == 1;
  };

  EXPECT_TRUE(await(flood));

  EXPECT_TRUE(await_streams(0));
  EXPECT_EQ(caller().get("/v1/status").status, 200);
}

TEST_F(FrontStreamsTest, ServeAReaderThatComesAfterAllOthersLeft) {
  start();
  {
    watch().until("id: 0\n");
  }
  EXPECT_TRUE(await_streams(0));
  control_.happen(test::sample_events());

  EXPECT_THAT(watch("?since=0").until("id: 3\n"), HasSubstr("id: 1\nevent: opened\n"));
}

TEST_F(FrontStreamsTest, AreRefusedAsAnyOtherCall) {
  start();

  EXPECT_THAT(watch("?type=nothing").until("}"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(watch("", "Last-Event-ID: x\r\n").until("}"), StartsWith("HTTP/1.1 400 "));
  control_.keep_no_events();
  EXPECT_THAT(watch().until("}"), StartsWith("HTTP/1.1 409 "));
}

TEST_F(FrontStreamsTest, EndWithTheServer) {
  start();
  auto watcher = watch();
  watcher.until("id: 0\n");

  server_->stop();

  EXPECT_TRUE(watcher.ends());
}

}  // namespace
}  // namespace tcpctl
