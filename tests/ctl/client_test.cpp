// SPDX-License-Identifier: Apache-2.0
#include "ctl/client.hpp"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_daemon.hpp"

namespace tcpctl::ctl::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Client client_of(const FakeDaemon& daemon, const std::string& token = "") {
  return Client{*parse_host(daemon.host()), token};
}

Call get(const std::string& path) {
  Call call;
  call.path = path;
  return call;
}

Failure failure_of(int status, const std::string& body, const std::string& host = "unix:/s") {
  return explain({status, "application/problem+json", body}, *parse_host(host));
}

TEST(Client, AsksOverAUnixSocketAndOverTcp) {
  for (const auto over : {FakeDaemon::Over::unix_socket, FakeDaemon::Over::tcp}) {
    FakeDaemon daemon{over};
    daemon.answer("GET /v1/x", std::string{"{}"});

    const auto reply = client_of(daemon).ask(get("/v1/x"));

    ASSERT_TRUE(reply) << reply.error().line;
    EXPECT_EQ(reply->status, 200);
    EXPECT_EQ(reply->body, "{}");
    EXPECT_EQ(reply->content_type, "application/json");
  }
}

TEST(Client, SendsOneHostThatTheDaemonAccepts) {
  FakeDaemon daemon{FakeDaemon::Over::tcp};
  (void)client_of(daemon).ask(get("/"));
  EXPECT_THAT(daemon.last(), HasSubstr("\r\nHost: " + daemon.host().substr(7) + "\r\n"));

  FakeDaemon local;
  (void)client_of(local).ask(get("/"));
  EXPECT_THAT(local.last(), HasSubstr("\r\nHost: localhost\r\n"));
}

TEST(Client, SendsTheTokenIfThereIsOne) {
  FakeDaemon daemon;
  (void)client_of(daemon, "s3cret").ask(get("/"));
  EXPECT_THAT(daemon.last(), HasSubstr("\r\nAuthorization: Bearer s3cret\r\n"));

  (void)client_of(daemon).ask(get("/"));
  EXPECT_THAT(daemon.last(), Not(HasSubstr("Authorization")));
}

TEST(Client, SendsABodyAsJson) {
  FakeDaemon daemon;
  Call call;
  call.method = "PUT";
  call.path = "/v1/x";
  call.body = "{\"a\": 1}";

  (void)client_of(daemon).ask(call);

  EXPECT_THAT(daemon.last(), HasSubstr("PUT /v1/x HTTP/1.1\r\n"));
  EXPECT_THAT(daemon.last(), HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(daemon.last(), HasSubstr("\r\n\r\n{\"a\": 1}"));
}

TEST(Client, SendsNoContentTypeWithoutABody) {
  FakeDaemon daemon;
  Call call;
  call.method = "POST";
  call.path = "/v1/x";

  (void)client_of(daemon).ask(call);

  EXPECT_THAT(daemon.last(), Not(HasSubstr("Content-Type")));
}

TEST(Client, SaysTheLengthOfABodyOnceAtMost) {
  FakeDaemon daemon;
  for (const auto* method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
    for (const auto* body : {"", "{}"}) {
      Call call;
      call.method = method;
      call.path = "/v1/x";
      call.body = body;

      (void)client_of(daemon).ask(call);

      const auto request = daemon.last();
      EXPECT_EQ(request.find("Content-Length"), request.rfind("Content-Length")) << request;
    }
  }
}

TEST(Client, SendsNoHeaderTwice) {
  FakeDaemon daemon;
  for (const auto* method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
    for (const auto* body : {"", "{}"}) {
      Call call;
      call.method = method;
      call.path = "/v1/x";
      call.body = body;

      (void)client_of(daemon, "t").ask(call);

      std::set<std::string> names;
      const auto head = daemon.last().substr(0, daemon.last().find("\r\n\r\n"));
      for (auto at = head.find("\r\n"); at != std::string::npos; at = head.find("\r\n", at + 2)) {
        const auto name = head.substr(at + 2, head.find(':', at) - at - 2);
        EXPECT_TRUE(names.insert(name).second) << method << " '" << body << "': " << name;
      }
    }
  }
}

TEST(Client, SendsThePathAsItIsEncoded) {
  FakeDaemon daemon;
  (void)client_of(daemon).ask(get("/v1/listeners/" + percent_encoded("a b/c?d+%") + "?x=%2F+1"));

  EXPECT_EQ(daemon.asked().back(), "GET /v1/listeners/a%20b%2Fc%3Fd%2B%25?x=%2F+1");
}

TEST(Client, TellsOfAnAnswerThatBreaksOff) {
  FakeDaemon daemon;
  daemon.answer_raw("GET /nothing", "");
  daemon.answer_raw("GET /half", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
  daemon.answer_raw("GET /ssh", "SSH-2.0-OpenSSH\r\n");

  for (const auto* path : {"/nothing", "/half", "/ssh"}) {
    const auto reply = client_of(daemon).ask(get(path));
    ASSERT_FALSE(reply) << path;
    EXPECT_EQ(reply.error().exit, Exit::unreachable);
    EXPECT_THAT(reply.error().line, HasSubstr("closed the connection without an HTTP answer"));
  }
}

TEST(Client, GivesUpOnASilentDaemon) {
  const Fd listener{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), length), 0);
  ASSERT_EQ(::listen(listener.get(), 4), 0);
  ASSERT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &length), 0);
  const Client client{*parse_host("http://127.0.0.1:" + std::to_string(ntohs(address.sin_port))), ""};
  auto call = get("/");
  call.patience = std::chrono::milliseconds{50};

  const auto reply = client.ask(call);

  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().exit, Exit::unreachable);
  EXPECT_THAT(reply.error().line, HasSubstr("did not answer within"));
}

TEST(Client, GivesEachStatusItsExitStatus) {
  const std::string body = R"({"detail": "no"})";
  EXPECT_EQ(failure_of(400, body).exit, Exit::failed);
  EXPECT_EQ(failure_of(401, body).exit, Exit::not_allowed);
  EXPECT_EQ(failure_of(403, body).exit, Exit::not_allowed);
  EXPECT_EQ(failure_of(404, body).exit, Exit::not_found);
  EXPECT_EQ(failure_of(409, body).exit, Exit::failed);
  EXPECT_EQ(failure_of(503, body).exit, Exit::failed);
}

TEST(Client, TellsTheDaemonsWordsAndWhatToDo) {
  EXPECT_EQ(failure_of(404, R"({"title": "Not Found", "detail": "no listener 'x'"})").line,
            "no listener 'x'; 'tcpctl listener' lists them");
  EXPECT_EQ(failure_of(409, R"({"title": "Conflict"})").line, "Conflict");
  EXPECT_EQ(failure_of(403, R"({"detail": "role read is too weak"})").line,
            "role read is too weak; use sudo, or have your role raised in [api.roles]");
  EXPECT_EQ(failure_of(503, R"({"detail": "the daemon is stopping"})").line,
            "the daemon is stopping; try again");
  EXPECT_EQ(failure_of(503, R"({"detail": "too many connections; try again"})").line,
            "too many connections; try again");
  EXPECT_THAT(failure_of(401, R"({"detail": "a token is needed"})", "http://a:1").line,
              HasSubstr("TCPCTL_TOKEN"));
}

TEST(Client, JoinsTheListOfErrorsIntoOneLine) {
  EXPECT_EQ(
      failure_of(
          400,
          R"({"detail": "bad", "errors": [{"pointer": "/a", "detail": "unknown"}, {"pointer": "", "detail": "x"}]})")
          .line,
      "bad; /a: unknown; x");
  EXPECT_EQ(
      failure_of(
          400,
          R"({"detail": "a: bad", "errors": [{"pointer": "/a", "detail": "a: bad"}, {"pointer": "/b", "detail": "none"}]})")
          .line,
      "a: bad; /b: none")
      << "nothing twice";
}

TEST(Client, EscapesWhatTheDaemonSays) {
  EXPECT_EQ(failure_of(404, R"({"detail": "no \u001b[2J\nlistener"})").line, "no \\x1b[2J\\nlistener");
}

TEST(Client, SaysThatSomebodyElseMayAnswerWhereThereIsNoProblem) {
  EXPECT_THAT(failure_of(500, "<html>").line,
              HasSubstr("answered HTTP 500 without saying why; is that tcpctld?"));
}

TEST(Client, EncodesWhateverCouldChangeAPath) {
  EXPECT_EQ(percent_encoded("a-b._~9"), "a-b._~9");
  EXPECT_EQ(percent_encoded("../x"), "..%2Fx");
  EXPECT_EQ(percent_encoded(".."), "%2E%2E");
  EXPECT_EQ(percent_encoded("\r\n"), "%0D%0A");
  EXPECT_EQ(percent_encoded("ü"), "%C3%BC");
  EXPECT_EQ(Query{}.add("a", "1&b=2").add("c", "").text(), "?a=1%26b%3D2&c=");
}

}  // namespace
}  // namespace tcpctl::ctl::test
