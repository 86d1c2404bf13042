// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "api/ask.hpp"
#include "api/digest.hpp"
#include "api/page_text.hpp"

namespace tcpctl::api {
namespace {

/// What stands between the two marks, as a browser hashes it for the policy.
std::string hash_between(const std::string& text, const std::string& open, const std::string& close) {
  const auto begin = text.find(open) + open.size();
  const auto digest = sha256(text.substr(begin, text.find(close, begin) - begin));
  return "'sha256-" + to_base64({reinterpret_cast<const char*>(digest.data()), digest.size()}) + "'";
}

TEST(Page, AllowsItsOwnScriptAndStyleAndNothingElse) {
  test::Asker asker;

  const auto response = asker.get("/");

  ASSERT_EQ(response.status, 200);
  EXPECT_EQ(response.header("Content-Type"), "text/html; charset=utf-8");
  const auto policy = response.header("Content-Security-Policy");
  EXPECT_NE(policy.find("script-src " + hash_between(response.body, "<script>", "</script>") + ";"),
            std::string::npos);
  EXPECT_NE(policy.find("style-src " + hash_between(response.body, "<style>", "</style>") + ";"),
            std::string::npos);
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  EXPECT_TRUE(policy.starts_with("default-src 'none'"));
}

TEST(Page, NeverTakesTextForMarkup) {
  for (const auto* way :
       {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "style="}) {
    EXPECT_EQ(kPageScript.find(way), std::string_view::npos) << way;
  }
}

}  // namespace
}  // namespace tcpctl::api
