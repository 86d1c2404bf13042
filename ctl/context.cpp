// SPDX-License-Identifier: Apache-2.0
#include "ctl/context.hpp"

#include <algorithm>

#include "ctl/terminal.hpp"

namespace tcpctl::ctl {
namespace {

constexpr std::uint64_t kPage = 1000;  // the most that the API gives at once

}  // namespace

void Context::print(std::string_view text) {
  if (heard_ && !text.empty()) heard_ = environment_.out.write(text);
}

Exit Context::fail(const Failure& failure) {
  environment_.err.write("tcpctl: " + failure.line + "\n");
  return failure.exit;
}

void Context::warn(const std::string& line) { environment_.err.write("tcpctl: " + line + "\n"); }

Answer<Json> Context::get(const std::string& path) const {
  Call call;
  call.path = path;
  return ask(call);
}

std::optional<Json> Context::other_leg(const Json& connection) const {
  const auto id = connection.text("peer_id");
  if (!id) return std::nullopt;
  auto leg = get("/v1/connections/" + percent_encoded(*id));
  return leg ? std::optional{*std::move(leg)} : std::nullopt;
}

Answer<Json> Context::ask(const Call& call) const {
  const auto reply = client_.request(call);
  if (!reply) return tl::make_unexpected(reply.error());
  if (reply->body.empty()) return Json{};
  auto json = Json::parse(reply->body);
  if (!json) {
    return refuse(Exit::failed, safe(client_.host().text()) +
                                    " answered something that is no JSON; is that tcpctld? check --host");
  }
  return *json;
}

Answer<Json> Context::page(const std::string& path, Query query, std::uint64_t size,
                           const std::string& cursor) const {
  query.add("limit", std::to_string(size));
  if (!cursor.empty()) query.add("cursor", cursor);
  return get(path + query.text());
}

Answer<void> Context::pages(const std::string& path, const Query& query, std::uint64_t limit,
                            const Visit& visit) const {
  std::string cursor;
  for (auto left = limit; left > 0;) {
    const auto answer = page(path, query, std::min(left, kPage), cursor);
    if (!answer) return tl::make_unexpected(answer.error());
    auto items = answer->items("items");
    if (items.size() > left) items.resize(left);
    left -= items.size();
    if (!visit(std::move(items))) return {};
    const auto next = answer->text("next").value_or("");
    if (next.empty()) return {};
    if (next == cursor) return refuse(Exit::failed, "the daemon answers the same page again");
    cursor = next;
  }
  return {};
}

Exit Context::list(const std::string& path, const Query& query, std::vector<Column> columns,
                   std::uint64_t limit, bool headers) {
  const auto printer = row_printer(format(), std::move(columns), view(), headers);
  const auto visited = pages(path, query, limit, [&](const std::vector<Json>& items) {
    print(printer->rows(items));
    return heard();
  });
  if (!visited) return fail(visited.error());
  print(printer->end());
  return Exit::done;
}

Exit Context::rows(const std::vector<Json>& rows, std::vector<Column> columns, bool headers) {
  const auto printer = row_printer(format(), std::move(columns), view(), headers);
  print(printer->rows(rows));
  print(printer->end());
  return Exit::done;
}

Exit Context::object(const Json& value, std::vector<Column> columns) {
  if (format() == Format::json) {
    print(value.dump(2) + "\n");
    return Exit::done;
  }
  return rows({value}, std::move(columns));
}

Exit Context::outcome(const Json& answer, const std::string& line) {
  print(format() == Format::json ? answer.dump(2) + "\n" : safe(line) + "\n");
  return Exit::done;
}

}  // namespace tcpctl::ctl
