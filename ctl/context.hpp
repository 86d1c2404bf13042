// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/client.hpp"
#include "ctl/environment.hpp"
#include "ctl/exit.hpp"
#include "ctl/json.hpp"
#include "ctl/printer.hpp"
#include "ctl/table.hpp"

namespace tcpctl::ctl {

inline constexpr std::uint64_t kAllRows = UINT64_MAX;

/// The options that hold for every command.
struct Globals {
  Host host;
  std::string token;
  Format format{Format::table};
  View view;
};

/// What a command works with: the daemon to ask, and where and how to print.
///
/// A command asks, prints, and answers an exit status; whether it prints a table, JSON or CSV is decided
/// here. Threads: one.
class Context {
 public:
  Context(Environment& environment, Globals globals)
      : environment_{environment}, globals_{std::move(globals)}, client_{globals_.host, globals_.token} {}

  [[nodiscard]] const Client& client() const { return client_; }
  [[nodiscard]] const std::string& token() const { return globals_.token; }
  [[nodiscard]] const View& view() const { return globals_.view; }
  [[nodiscard]] Format format() const { return globals_.format; }
  [[nodiscard]] bool for_people() const { return format() == Format::table || format() == Format::wide; }
  [[nodiscard]] Environment& environment() { return environment_; }

  /// GET `path`, or another call, as JSON; an empty body is null.
  [[nodiscard]] Answer<Json> get(const std::string& path) const;
  [[nodiscard]] Answer<Json> ask(const Call& call) const;

  /// The other leg of `connection`, if it has one that the daemon still knows.
  [[nodiscard]] std::optional<Json> other_leg(const Json& connection) const;

  /// Hands the collection at `path` to `visit`, page by page, each as large as the API gives them; at most
  /// `limit` rows of it, and only until `visit` answers false.
  using Visit = std::function<bool(std::vector<Json> items)>;
  [[nodiscard]] Answer<void> pages(const std::string& path, const Query& query, std::uint64_t limit,
                                   const Visit& visit) const;
  /// Prints the first `limit` rows of the collection as they come.
  [[nodiscard]] Exit list(const std::string& path, const Query& query, std::vector<Column> columns,
                          std::uint64_t limit = kAllRows, bool headers = true);
  /// Prints rows that are at hand.
  [[nodiscard]] Exit rows(const std::vector<Json>& rows, std::vector<Column> columns, bool headers = true);
  /// Prints one object as JSON, or as CSV with one row; for people the caller prints.
  [[nodiscard]] Exit object(const Json& value, std::vector<Column> columns);
  /// Prints the line for people, or the daemon's answer as JSON.
  [[nodiscard]] Exit outcome(const Json& answer, const std::string& line);

  void print(std::string_view text);
  /// One line on stderr; answers the exit status of `failure`.
  [[nodiscard]] Exit fail(const Failure& failure);
  [[nodiscard]] Exit usage(const std::string& line) { return fail({Exit::usage, line}); }
  void warn(const std::string& line);

  /// False once nobody reads stdout any more.
  [[nodiscard]] bool heard() const { return heard_; }

 private:
  /// `size` rows at most.
  [[nodiscard]] Answer<Json> page(const std::string& path, Query query, std::uint64_t size,
                                  const std::string& cursor) const;

  Environment& environment_;
  Globals globals_;
  Client client_;
  bool heard_{true};
};

}  // namespace tcpctl::ctl
