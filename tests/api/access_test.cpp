// SPDX-License-Identifier: Apache-2.0
#include "api/access.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tcpctl::api {
namespace {

constexpr uid_t kStranger = 54321;
/// sha256("0123456789abcdef")
constexpr const char* kToken = "0123456789abcdef";
constexpr const char* kTokenSha256 = "9f9f5111f7b27a781f1f1ddde5ebc2dd2b796bfc7365c9c28b548e564176929f";

Access make(const AccessOptions& options) { return Access::make(options).value(); }

Role role_on_unix(const Access& access, uid_t uid, std::vector<gid_t> groups = {}) {
  Peer peer;
  peer.door = Door::unix_socket;
  peer.uid = uid;
  peer.groups = std::move(groups);
  return access.identify(peer, {}).role;
}

Peer over_http(const char* remote = "127.0.0.1:50000") {
  Peer peer;
  peer.remote = parse_ip_port(remote).value();
  return peer;
}

HttpRequest with(std::string name, std::string value) {
  HttpRequest request;
  request.headers.push_back({std::move(name), std::move(value)});
  return request;
}

Access::Caller bearer(const Access& access, const std::string& authorization) {
  return access.identify(over_http(), with("authorization", authorization));
}

class TokenFile {
 public:
  TokenFile(const std::string& text, mode_t mode) {
    std::ofstream{path_} << text;
    ::chmod(path_.c_str(), mode);
  }
  ~TokenFile() { std::filesystem::remove_all(folder_); }
  TokenFile(const TokenFile&) = delete;
  TokenFile& operator=(const TokenFile&) = delete;
  [[nodiscard]] AccessOptions options() const {
    AccessOptions options;
    options.tokens = {{"ci", "operate", "", path_.string(), ""}};
    return options;
  }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_ = [] {
    std::string pattern = (std::filesystem::temp_directory_path() / "tcpctl-token-XXXXXX").string();
    return std::filesystem::path{::mkdtemp(pattern.data())};
  }();
  std::filesystem::path path_{folder_ / "token"};
};

TEST(Access, MakesRootAndTheDaemonsOwnUserAdmin) {
  const auto access = make({});

  EXPECT_EQ(role_on_unix(access, 0), Role::admin);
  EXPECT_EQ(role_on_unix(access, ::geteuid()), Role::admin);
}

TEST(Access, TellsTheCallerOfTheSocketByItsUidItsProcessAndWhereItIsKnownItsName) {
  AccessOptions options;
  options.roles = {{"user:daemon", "read"}};
  const auto access = make(options);
  Peer peer;
  peer.door = Door::unix_socket;
  peer.pid = 4711;
  const auto called = [&](uid_t uid) {
    peer.uid = uid;
    return access.identify(peer, {});
  };

  EXPECT_EQ(called(0).who, "uid:0");
  EXPECT_EQ(called(0).user, "root");
  EXPECT_EQ(called(0).pid, 4711);
  EXPECT_EQ(called(1).user, "daemon") << "one with a role";
  EXPECT_EQ(called(kStranger).user, "");
  EXPECT_EQ(access.identify(over_http(), {}).pid, 0);
}

TEST(Access, GivesStrangersOnTheSocketNothing) {
  EXPECT_EQ(role_on_unix(make({}), kStranger, {kStranger}), Role::none);
}

TEST(Access, NarrowsByAnEntryForTheCaller) {
  AccessOptions options;
  options.roles = {{"user:root", "read"}};

  EXPECT_EQ(role_on_unix(make(options), 0), Role::read);
}

TEST(Access, GivesToAGroupByAnyOfTheCallersGroups) {
  AccessOptions options;
  options.roles = {{"group:daemon", "operate"}};
  const auto daemon = find_group("daemon").value();

  EXPECT_EQ(role_on_unix(make(options), kStranger, {7777, daemon}), Role::operate);
  EXPECT_EQ(role_on_unix(make(options), kStranger, {7777}), Role::none);
}

TEST(Access, TakesTheHighestOfTheEntriesForTheCaller) {
  AccessOptions options;
  options.roles = {{"user:root", "read"}, {"group:daemon", "operate"}, {"group:bin", "none"}};
  const auto daemon = find_group("daemon").value();
  const auto bin = find_group("bin").value();

  EXPECT_EQ(role_on_unix(make(options), 0, {daemon, bin}), Role::operate);
  EXPECT_EQ(role_on_unix(make(options), kStranger, {bin}), Role::none);
}

TEST(Access, LetsAnEntryForNobodyStand) {
  AccessOptions options;
  options.roles = {{"user:no-such-user-here", "admin"}};

  EXPECT_EQ(role_on_unix(make(options), kStranger), Role::none);
}

TEST(Access, RefusesEntriesItCannotRead) {
  const auto refusal = [](const char* who, const char* role) {
    AccessOptions options;
    options.roles = {{who, role}};
    return Access::make(options).error().what;
  };

  EXPECT_EQ(refusal("user:root", "boss"), "role 'boss' of 'user:root' is unknown");
  EXPECT_EQ(refusal("root", "read"), "'root' is neither user:NAME nor group:NAME");
}

TEST(Access, LetsAnybodyOnLoopbackReadUnlessToldOtherwise) {
  AccessOptions closed;
  closed.anonymous = "none";
  AccessOptions open;
  open.anonymous = "operate";

  EXPECT_EQ(make({}).identify(over_http(), {}).role, Role::read);
  EXPECT_EQ(make(closed).identify(over_http(), {}).role, Role::none);
  EXPECT_FALSE(Access::make(open));
}

TEST(Access, KnowsABearerByTheDigestOfTheToken) {
  AccessOptions options;
  options.tokens = {{"other", "admin", std::string(64, 'a'), "", ""},
                    {"ci", "operate", kTokenSha256, "", ""}};
  const auto access = make(options);

  const auto caller = bearer(access, std::string{"bEARER "} + kToken);

  EXPECT_EQ(caller.role, Role::operate);
  EXPECT_EQ(caller.who, "token:ci");
}

TEST(Access, KnowsNoOtherToken) {
  AccessOptions options;
  options.tokens = {{"ci", "operate", kTokenSha256, "", ""}};
  const auto access = make(options);

  for (const auto& authorization :
       {std::string{"Bearer "}, std::string{"Bearer x"}, std::string{kToken}, std::string{"Basic "} + kToken,
        std::string{"Bearer "} + kToken + " ", std::string{"Bearer "} + kTokenSha256}) {
    const auto caller = bearer(access, authorization);
    EXPECT_EQ(caller.role, Role::none) << authorization;
    EXPECT_EQ(access.refusal(caller, Door::http, Role::read)->status, 401);
  }
}

TEST(Access, AsksForATokenWhereOneHelps) {
  AccessOptions options;
  options.tokens = {{"ci", "operate", kTokenSha256, "", ""}};
  const auto access = make(options);
  const auto anonymous = access.identify(over_http(), {});
  const auto known = bearer(access, std::string{"Bearer "} + kToken);
  Peer stranger;
  stranger.door = Door::unix_socket;
  stranger.uid = kStranger;

  EXPECT_EQ(access.refusal(anonymous, Door::http, Role::read), std::nullopt);
  EXPECT_EQ(access.refusal(anonymous, Door::http, Role::operate)->status, 401);
  EXPECT_EQ(access.refusal(known, Door::http, Role::operate), std::nullopt);
  EXPECT_EQ(access.refusal(known, Door::http, Role::admin)->status, 403);
  EXPECT_EQ(access.refusal(access.identify(stranger, {}), Door::unix_socket, Role::read)->status, 403);
}

TEST(Access, ReadsATokenFromTheFirstLineOfAFile) {
  const TokenFile file{std::string{kToken} + "\nnot this\n", 0600};

  EXPECT_EQ(bearer(make(file.options()), std::string{"Bearer "} + kToken).role, Role::operate);
}

TEST(Access, RefusesATokenFileThatOthersCanReadOrWrite) {
  for (const mode_t mode : {0604, 0602, 0620, 0666}) {
    const TokenFile file{std::string{kToken} + "\n", mode};

    const auto access = Access::make(file.options());

    ASSERT_FALSE(access) << std::oct << mode;
    EXPECT_EQ(access.error().code, Errc::denied);
  }
}

TEST(Access, RefusesTokensThatAreNone) {
  const TokenFile empty{"\n", 0600};
  AccessOptions missing;
  missing.tokens = {{"ci", "read", "", "/nonexistent/token", ""}};
  AccessOptions wrong;
  wrong.tokens = {{"ci", "read", "123", "", ""}};
  AccessOptions nothing;
  nothing.tokens = {{"ci", "read", "", "", ""}};
  AccessOptions elsewhere;
  elsewhere.tokens = {{"ci", "read", "", "", "../x"}};

  EXPECT_FALSE(Access::make(empty.options()));
  EXPECT_EQ(Access::make(missing).error().what, "token 'ci': /nonexistent/token: No such file or directory");
  EXPECT_EQ(Access::make(wrong).error().what, "token 'ci': sha256 is not 64 hex digits");
  EXPECT_EQ(Access::make(nothing).error().what, "token 'ci': one of sha256, file and credential is needed");
  EXPECT_EQ(Access::make(elsewhere).error().what, "token 'ci': '../x' is not the name of a credential");
}

TEST(Access, ReadsATokenFromTheCredentialsOfSystemd) {
  const TokenFile file{kToken, 0444};
  AccessOptions options;
  options.tokens = {{"ci", "admin", "", "", "token"}};

  ::setenv("CREDENTIALS_DIRECTORY", file.folder().c_str(), 1);
  const auto access = Access::make(options);
  ::unsetenv("CREDENTIALS_DIRECTORY");

  ASSERT_TRUE(access);
  EXPECT_EQ(bearer(*access, std::string{"Bearer "} + kToken).role, Role::admin);
}

int origin_status(const Access& access, Door door, const std::string& host, const std::string& origin = "") {
  Peer peer = over_http();
  peer.door = door;
  auto request = with("host", host);
  if (!origin.empty()) request.headers.push_back({"origin", origin});
  const auto problem = access.check_origin(peer, request);
  return problem ? problem->status : 200;
}

TEST(Access, ServesOnlyItsOwnNames) {
  AccessOptions options;
  options.allowed_hosts = {"TCP.example", "other.example:9810", "2001:db8::1"};
  const auto access = make(options);

  EXPECT_EQ(origin_status(access, Door::http, "localhost:9810"), 200);
  EXPECT_EQ(origin_status(access, Door::http, "tcp.EXAMPLE:9810"), 200);
  EXPECT_EQ(origin_status(access, Door::http, "other.example"), 200);
  EXPECT_EQ(origin_status(access, Door::http, "[2001:db8::1]:9810"), 200);
  EXPECT_EQ(origin_status(access, Door::http, "evil.tcp.example"), 421);
  EXPECT_EQ(origin_status(access, Door::http, "10.0.0.1"), 421);
  EXPECT_EQ(origin_status(access, Door::unix_socket, "evil.example"), 421);
}

TEST(Access, IsAskedForMetricsByAnyAddressButByNoForeignName) {
  const auto access = make({});

  EXPECT_EQ(origin_status(access, Door::metrics, "10.0.0.1:9811"), 200);
  EXPECT_EQ(origin_status(access, Door::metrics, "[2001:db8::1]:9811"), 200);
  EXPECT_EQ(origin_status(access, Door::metrics, "evil.example:9811"), 421);
}

TEST(Access, RefusesPagesOfOtherSites) {
  const auto access = make({});

  EXPECT_EQ(origin_status(access, Door::http, "localhost:9810", "http://localhost:9810"), 200);
  EXPECT_EQ(origin_status(access, Door::http, "localhost:9810", "http://localhost:3000"), 403);
  EXPECT_EQ(origin_status(access, Door::http, "localhost:9810", "null"), 403);
  EXPECT_EQ(origin_status(access, Door::unix_socket, "localhost", "http://evil.example"), 403);
}

TEST(Access, ServesMetricsToTheNetworksGiven) {
  AccessOptions options;
  options.metrics_allow = {parse_network("10.0.0.0/8").value()};
  const auto access = make(options);

  EXPECT_TRUE(access.serves_metrics_to(parse_ip_port("10.1.2.3:4").value()));
  EXPECT_FALSE(access.serves_metrics_to(parse_ip_port("11.1.2.3:4").value()));
  EXPECT_FALSE(make({}).serves_metrics_to(parse_ip_port("127.0.0.1:4").value()));
}

}  // namespace
}  // namespace tcpctl::api
