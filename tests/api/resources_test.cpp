// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "api/ask.hpp"

namespace tcpctl::api {
namespace {

using Calls = std::vector<std::string>;

class Resources : public testing::Test {
 protected:
  test::Asker asker_;
  test::FakeControlPlane& control_{asker_.control};
};

TEST_F(Resources, ListListenersByNameInPages) {
  control_.listener_rows = {test::sample_listener("c"), test::sample_listener("a"),
                            test::sample_listener("b")};
  const auto names = [](const auto& json) {
    std::string all;
    for (const auto& item : json.at("items")) all += item.at("name").template get<std::string>();
    return all;
  };

  const auto first = asker_.get("/v1/listeners?limit=2").json();
  const auto second = asker_.get("/v1/listeners?limit=2&cursor=b").json();

  EXPECT_EQ(names(first), "ab");
  EXPECT_EQ(first.at("total"), 3);
  EXPECT_EQ(first.at("next"), "b");
  EXPECT_EQ(names(second), "c");
  EXPECT_TRUE(second.at("next").is_null());
  EXPECT_EQ(names(asker_.get("/v1/listeners?sort=-name").json()), "cba");
  EXPECT_EQ(names(asker_.get("/v1/listeners?sort=-name&cursor=b").json()), "a");
}

TEST_F(Resources, KeepACursorValidWhenItsListenerIsGone) {
  control_.listener_rows = {test::sample_listener("a"), test::sample_listener("c")};

  EXPECT_EQ(asker_.get("/v1/listeners?cursor=b").json().at("items").at(0).at("name"), "c");
}

TEST_F(Resources, ChangeListenersAndAnswerWhatTheyThenAre) {
  for (const auto* verb : {"pause", "resume", "drain"}) {
    const auto response = asker_.ask("POST", std::string{"/v1/listeners/web/"} + verb);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.json().at("name"), "web");
  }

  EXPECT_EQ(control_.calls(), (Calls{"pause listener web", "resume listener web", "drain listener web"}));
}

TEST_F(Resources, ChangeClientsAndAnswerWhatTheyThenAre) {
  for (const auto* verb : {"pause", "resume", "reconnect"}) {
    EXPECT_EQ(asker_.ask("POST", std::string{"/v1/clients/feed/"} + verb).json().at("name"), "feed");
  }
  EXPECT_EQ(asker_.ask("POST", "/v1/clients/feed/run").json().at("result"), "L7TOUT");

  EXPECT_EQ(control_.calls(),
            (Calls{"pause client feed", "resume client feed", "reconnect client feed", "run feed"}));
}

TEST_F(Resources, SendTextAndBinary) {
  EXPECT_EQ(asker_.ask("POST", "/v1/clients/feed/send", R"({"text": "PING\n"})").body,
            R"({"sent_bytes":5,"kernel_bytes":2,"acked":null,"acked_after_ms":null,"ended":null})");
  EXPECT_EQ(asker_.ask("POST", "/v1/clients/feed/send?wait_ack=5s", R"({"base64": "AP8="})").body,
            R"({"sent_bytes":2,"kernel_bytes":2,"acked":true,"acked_after_ms":5000.0,"ended":null})");
  for (const auto* const wrong : {"5", "0s", "61s", "soon"})
    EXPECT_EQ(
        asker_.ask("POST", std::string{"/v1/clients/feed/send?wait_ack="} + wrong, R"({"text": "x"})").status,
        400)
        << wrong;

  EXPECT_EQ(control_.calls(), (Calls{"send feed PING\n", std::string{"send feed \0\xff", 12}}));
}

TEST_F(Resources, SendNothingThatIsNotClear) {
  for (const auto* body : {"{}", R"({"text": "a", "base64": "YQ=="})", R"({"text": 1})", R"({"base64": "a"})",
                           R"({"txt": "a"})"}) {
    EXPECT_EQ(asker_.ask("POST", "/v1/clients/feed/send", body).status, 400) << body;
  }
  EXPECT_EQ(asker_.ask("POST", "/v1/clients/feed/send").status, 400);
  EXPECT_TRUE(control_.calls().empty());
}

TEST_F(Resources, GiveReceivedBytesFromAnOffset) {
  EXPECT_EQ(asker_.get("/v1/clients/feed/received?from=100").json().at("next"), 103);
  EXPECT_EQ(asker_.get("/v1/clients/feed/received?from=-1").status, 400);
}

TEST_F(Resources, TakeReceivedBytesUpToAnOffset) {
  const auto done = asker_.ask("POST", "/v1/clients/feed/received", R"({"upto": 100})");

  EXPECT_EQ(done.json().at("taken"), 100);
  EXPECT_EQ(control_.calls(), Calls{"take feed 100"});
  for (const auto* body :
       {"", "{}", R"({"upto": -1})", R"({"upto": "5"})", R"({"upto": 1.5})", R"({"up": 1})"})
    EXPECT_EQ(asker_.ask("POST", "/v1/clients/feed/received", body).status, 400) << body;
}

TEST_F(Resources, ListUpstreamsProbesAndServices) {
  EXPECT_EQ(asker_.get("/v1/listeners/web/upstreams").json().at("items").at(0).at("name"), "u1");
  EXPECT_EQ(asker_.get("/v1/listeners/nope/upstreams").status, 404);
  EXPECT_EQ(asker_.get("/v1/clients/feed/probes").json().at("total"), 1);
  EXPECT_EQ(
      asker_.get("/v1/services").body,
      R"({"items":[{"name":"discard","help":"throws away","options":[{"key":"close_after","type":"size",)"
      R"("default":null,"help":"ends then"}]}],"total":1,"next":null})");
}

TEST_F(Resources, ChangeAnUpstream) {
  const auto path = "/v1/listeners/web/upstreams/u1";
  const auto drained = asker_.ask("PATCH", path, R"({"admin_state": "drain"})");

  EXPECT_EQ(drained.json().at("admin_state"), "drain");
  EXPECT_EQ(drained.json().at("listener"), "web");
  EXPECT_FALSE(control_.upstream_change.weight);
  EXPECT_EQ(asker_.ask("PATCH", path, R"({"weight": 256})").status, 200);
  EXPECT_EQ(control_.upstream_change.weight, std::optional<std::uint32_t>{256});
  EXPECT_FALSE(control_.upstream_change.admin_state);
}

TEST_F(Resources, DrainAnUpstreamForATime) {
  const auto path = "/v1/listeners/web/upstreams/u1";
  EXPECT_EQ(asker_.ask("PATCH", path, R"({"admin_state": "drain", "drain": "30s"})").status, 200);
  EXPECT_EQ(control_.upstream_change.drain, std::chrono::seconds{30});
  for (const auto* body :
       {R"({"drain": "30s"})", R"({"admin_state": "ready", "drain": "30s"})",
        R"({"admin_state": null, "drain": "30s"})", R"({"admin_state": "drain", "drain": 30})",
        R"({"admin_state": "drain", "drain": "soon"})", R"({"admin_state": "drain", "drain": "25h"})"}) {
    EXPECT_EQ(asker_.ask("PATCH", path, body).status, 400) << body;
  }
}

TEST_F(Resources, DrainAListenerForATime) {
  EXPECT_EQ(asker_.ask("POST", "/v1/listeners/web/drain?drain=90s").status, 200);
  EXPECT_EQ(asker_.ask("POST", "/v1/listeners/web/drain?drain=soon").status, 400);
  EXPECT_EQ(asker_.ask("POST", "/v1/listeners/web/pause?drain=1s").status, 400);

  EXPECT_EQ(control_.calls(), (Calls{"drain listener web 1m30s"}));
}

TEST_F(Resources, TakeNullForAnUpstreamAsConfigured) {
  asker_.ask("PATCH", "/v1/listeners/web/upstreams/u1", R"({"weight": null, "admin_state": null})");

  ASSERT_TRUE(control_.upstream_change.weight);
  EXPECT_FALSE(*control_.upstream_change.weight);
  ASSERT_TRUE(control_.upstream_change.admin_state);
  EXPECT_FALSE(*control_.upstream_change.admin_state);
}

TEST_F(Resources, RefuseAChangeOfAnUpstreamThatIsNone) {
  const auto path = "/v1/listeners/web/upstreams/u1";
  for (const auto* body :
       {R"({"weight": 257})", R"({"weight": -1})", R"({"weight": 1.5})", R"({"weight": "1"})",
        R"({"weight": 18446744073709551615})", R"({"admin_state": "up"})", R"({"admin_state": 1})",
        R"({"addres": "x"})", "[]", "x"}) {
    EXPECT_EQ(asker_.ask("PATCH", path, body).status, 400) << body;
  }
  EXPECT_EQ(asker_.ask("PATCH", path, R"({"weight": 257})").json().at("errors").at(0).at("pointer"),
            "/weight");
  EXPECT_EQ(asker_.ask("PATCH", "/v1/listeners/web/upstreams/u9", "{}").status, 404);
  EXPECT_EQ(asker_.ask("PATCH", "/v1/listeners/nope/upstreams/u1", "{}").status, 404);
}

TEST_F(Resources, ListConnectionsByFilter) {
  const auto json = asker_.get("/v1/connections?listener=web&state=estab&limit=7&cursor=x&sort=-age").json();

  EXPECT_EQ(json.at("items").at(0).at("id"), "2-1417");
  EXPECT_EQ(json.at("total"), 1);
  EXPECT_TRUE(json.at("next").is_null());
  const auto query = control_.last_query();
  EXPECT_EQ(query.listener, "web");
  EXPECT_EQ(query.state, "ESTABLISHED");
  EXPECT_EQ(query.limit, 7U);
  EXPECT_EQ(query.cursor, "x");
  EXPECT_TRUE(query.descending);
}

TEST_F(Resources, ListNoConnectionsAsAnEmptyList) {
  control_.connection_page = {{}, 0, ""};

  EXPECT_EQ(asker_.get("/v1/connections").body, R"({"items":[],"total":0,"next":null})");
}

TEST_F(Resources, PassTheCursorOfTheHistoryOn) {
  const auto json = asker_.get("/v1/history?reason=peer_fin").json();

  EXPECT_EQ(json.at("next"), "2-9");
  EXPECT_EQ(json.at("items").at(0).at("close").at("reason"), "peer_fin");
  EXPECT_EQ(control_.last_query().reason, Reason::peer_fin);
}

TEST_F(Resources, FindOneConnectionOpenOrClosed) {
  EXPECT_EQ(asker_.get("/v1/connections/2-1417").json().at("state"), "ESTABLISHED");
  EXPECT_EQ(asker_.get("/v1/connections/2-9").json().at("state"), "TIME_WAIT");
  EXPECT_EQ(asker_.get("/v1/history/2-9").status, 200);
  EXPECT_EQ(asker_.get("/v1/history/2-1417").status, 404);
  EXPECT_EQ(asker_.get("/v1/connections/2-5").status, 404);
  EXPECT_EQ(asker_.get("/v1/connections/x").json().at("detail"), "no connection 'x'");
}

TEST_F(Resources, EndOneConnection) {
  EXPECT_EQ(asker_.ask("DELETE", "/v1/connections/2-1417").body, R"({"ended":1})");
  EXPECT_EQ(asker_.ask("DELETE", "/v1/connections/2-1417?how=reset").status, 200);
  EXPECT_EQ(asker_.ask("DELETE", "/v1/connections/2-1417?how=fin").status, 400);

  EXPECT_EQ(control_.calls(), (Calls{"end 2-1417", "reset 2-1417"}));
}

TEST_F(Resources, EndConnectionsByFilterAndNeverAllOfThem) {
  EXPECT_EQ(asker_.ask("DELETE", "/v1/connections").status, 400);
  EXPECT_EQ(asker_.ask("DELETE", "/v1/connections?how=reset").status, 400);
  EXPECT_EQ(asker_.ask("DELETE", "/v1/connections?limit=1").status, 400);
  EXPECT_TRUE(control_.calls().empty());

  EXPECT_EQ(asker_.ask("DELETE", "/v1/connections?listener=web&how=reset").body, R"({"ended":5})");
  EXPECT_EQ(control_.last_query().listener, "web");
}

TEST_F(Resources, ShowSecretsOnlyToThoseWhoOperate) {
  EXPECT_EQ(asker_.get("/v1/config").body, R"({"redacted":false})");

  AccessOptions options;
  options.roles = {{"user:root", "read"}};
  asker_.set_access(options);

  EXPECT_EQ(asker_.get("/v1/config").body, R"({"redacted":true})");
  EXPECT_EQ(asker_.get("/v1/config?secrets=false").body, R"({"redacted":true})");
  EXPECT_EQ(asker_.get("/v1/config?secrets=true").status, 403);
  asker_.get("/v1/config/diff");
  EXPECT_EQ(control_.calls().back(), "diff, redacted");
}

TEST_F(Resources, ShowNoSecretsWhereNoneAreWanted) {
  EXPECT_EQ(asker_.get("/v1/config?secrets=false").body, R"({"redacted":true})");
  EXPECT_EQ(asker_.get("/v1/config?secrets=true").body, R"({"redacted":false})");
  EXPECT_EQ(asker_.get("/v1/config?secrets=some").status, 400);
}

TEST_F(Resources, GiveTheConfigurationAsTomlToThoseWhoTakeThat) {
  const auto toml = asker_.ask("GET", "/v1/config", "", {{"accept", "text/plain, Application/TOML;q=0.5"}});
  EXPECT_EQ(toml.body, "redacted = false\n");
  EXPECT_EQ(toml.header("Content-Type"), "application/toml");

  for (const auto* other : {"*/*", "application/toml;q=0", "application/json", ""}) {
    const auto json = asker_.ask("GET", "/v1/config", "", {{"accept", other}});
    EXPECT_EQ(json.header("Content-Type"), "application/json") << other;
  }
}

TEST_F(Resources, TellHowTheRunningConfigurationDiffers) {
  EXPECT_EQ(asker_.get("/v1/config/diff").body,
            R"({"same":true,"added":[],"removed":[],"changed":[],"conflicts":[],"errors":[]})");

  control_.diff_row = {{"listeners.new"},
                       {"clients.old"},
                       {{"listeners.web", {{"idle_timeout", R"("1m")", ""}}}},
                       {{"clients.b", "t.toml:1:1", true, false, true}},
                       {}};
  EXPECT_EQ(
      asker_.get("/v1/config/diff").body,
      R"({"same":false,"added":["listeners.new"],"removed":["clients.old"],"changed":[{"name":)"
      R"("listeners.web","keys":{"idle_timeout":{"running":"1m","files":null}}}],"conflicts":[{"name":"clients.b",)"
      R"("file":"t.toml:1:1","at_run_time":"removed","wins":"saved"}],"errors":[]})");
  EXPECT_EQ(control_.calls().back(), "diff");
}

TEST_F(Resources, SaveOrSayWhyNot) {
  control_.save_row = {"/s/saved.toml", {"listeners.a"}, {"clients.b"}, {"clients.c"}, false, false, {}};
  EXPECT_EQ(asker_.ask("POST", "/v1/config/save").body,
            R"({"file":"/s/saved.toml","saved":["listeners.a"],"removed":["clients.b"],)"
            R"("given_back":["clients.c"],"unchanged":false,"dry_run":false})");
  asker_.ask("POST", "/v1/config/save?dry_run=true");
  EXPECT_EQ(control_.calls().back(), "save, dry");

  control_.save_row.errors = {"t.toml:1:1: x"};
  const auto refused = asker_.ask("POST", "/v1/config/save");
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.json().at("errors").at(0).at("detail"), "t.toml:1:1: x");
}

TEST_F(Resources, CheckAConfiguration) {
  EXPECT_EQ(asker_.ask("POST", "/v1/config/check", R"({"a":1})").body, R"({"ok":true,"errors":[]})");

  control_.config_problems = {{"/listeners/web/x", "unknown key 'x'"}};
  const auto response = asker_.ask("POST", "/v1/config/check", R"({"a":1})");

  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.json().at("errors").dump(),
            R"([{"pointer":"/listeners/web/x","detail":"unknown key 'x'"}])");
  EXPECT_EQ(asker_.ask("POST", "/v1/config/check").status, 400);
}

TEST_F(Resources, ReloadTheFilesOrSayWhyNot) {
  EXPECT_EQ(asker_.ask("POST", "/v1/config/reload").json().at("ok"), true);

  control_.reload_row.ok = false;
  control_.reload_row.errors = {"tcpctld.toml:1:1: unknown key 'x'"};
  const auto response = asker_.ask("POST", "/v1/config/reload");

  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(response.json().at("errors").at(0).at("detail"), "tcpctld.toml:1:1: unknown key 'x'");
}

TEST_F(Resources, ChangeTheLevelOfTheLog) {
  EXPECT_EQ(asker_.ask("PUT", "/v1/log/level", R"({"level": "debug"})").body, R"({"level":"debug"})");
  EXPECT_EQ(control_.calls(), Calls{"log level debug"});

  const auto wrong = asker_.ask("PUT", "/v1/log/level", R"({"level": "loud"})");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(wrong.json().at("errors").at(0).at("pointer"), "/level");
  EXPECT_EQ(asker_.ask("PUT", "/v1/log/level").status, 400);
  EXPECT_EQ(asker_.get("/v1/log/level").status, 200);
}

TEST_F(Resources, SayWhichListenersAreNotBound) {
  EXPECT_EQ(asker_.get("/readyz").body, R"({"status":"ok","unbound":[]})");

  control_.listener_rows[0].addresses[0].state = "failed";
  control_.listener_rows[0].addresses[0].error = "Address already in use";
  const auto response = asker_.get("/readyz");

  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.json().at("unbound").dump(),
            R"([{"listener":"web","address":"0.0.0.0:8080","error":"Address already in use"}])");
  EXPECT_EQ(response.json().at("title"), "Service Unavailable");
}

TEST_F(Resources, TellHealthWithoutAskingAnybody) {
  control_.failure = Error{Errc::timed_out, "a loop did not answer"};

  EXPECT_EQ(asker_.get("/healthz").body, R"({"status":"ok"})");
  EXPECT_EQ(asker_.get("/readyz").status, 504);
}

}  // namespace
}  // namespace tcpctl::api
