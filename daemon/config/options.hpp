// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/address.hpp"
#include "base/error.hpp"
#include "base/units.hpp"
#include "config/node.hpp"

namespace tcpctl::config {

enum class KeyType : std::uint8_t {
  boolean,
  integer,
  number,
  duration,
  size,
  rate,
  byte_rate,
  text,
  pattern,  // RE2 over bytes
  hex,      // bytes in hex
  choice,   // one of `choices`
  name,
  listen_address,
  connect_address,
  network,
  table,
};

/// From when on a changed key holds.
enum class Applies : std::uint8_t { now, new_connections, rebind, restart };

/// One key of the configuration: what the parser checks and what `--print-keys` and the manual print.
///
/// Paths: '.' between tables, '*' for a name the user chooses, "[]" for the elements of an array of tables:
/// "listeners.*.forward.upstreams[].weight". A service or the steps write theirs relative to their own table.
struct Key {
  std::string_view path;
  KeyType type{KeyType::text};
  bool list{false};             // an array of `type`; a single value is taken as an array of one
  std::string_view fallback{};  // default as TOML, "" = off
  std::int64_t min{0};  // integers; durations in ns; sizes in bytes; texts in bytes of length, hex decoded
  std::int64_t max{0};  // 0 = no upper bound
  std::string_view choices{};  // "round_robin|least_connections" for KeyType::choice
  Applies applies{Applies::new_connections};
  bool required{false};
  bool secret{false};  // redacted below the role operate
  std::string_view help{};
};

/// The keys of the whole configuration, or of one part of it.
class KeyTable {
 public:
  struct Entry {
    std::string path;
    Key key;
  };
  /// Adds `keys` under `prefix` ("listeners.*.dialog"); "" for the root.
  void add(std::string_view prefix, std::span<const Key> keys);
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  /// The key at `path`, or null. `path` is written as in Key.
  [[nodiscard]] const Key* find(std::string_view path) const;
  /// The names that may stand directly below `path`, for "did you mean".
  [[nodiscard]] const std::vector<std::string>& children(std::string_view path) const;
  /// A name of the user's choice is allowed below `path` ("listeners").
  [[nodiscard]] bool is_map(std::string_view path) const;
  /// The value at `path` may be a list of tables ("clients.*.steps").
  [[nodiscard]] bool has_elements(std::string_view path) const;

 private:
  /// What there is at and directly below one path: a configuration of a thousand objects asks for it more
  /// than a hundred thousand times.
  struct Place {
    std::optional<std::size_t> entry;
    std::vector<std::string> children;
    bool is_map{false}, has_elements{false};
  };
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  void note(std::string_view path, std::size_t entry);
  [[nodiscard]] const Place& place(std::string_view path) const;

  std::vector<Entry> entries_;
  std::unordered_map<std::string, Place, Hash, std::equal_to<>> places_;
};

/// Reads one table that was checked against the key table: values are there, in bounds, or the key's default
/// is.
///
/// So reading cannot fail, and asking for a key that the table of keys does not have is a programming error
/// (assert). A key may name one in a table below: "keepalive.idle". What only the owner of the options can
/// judge (a pattern, a template) is reported with `mistake`. Threads: a plain view; the Node and the KeyTable
/// must outlive it.
class OptionReader {
 public:
  OptionReader(const Node& table, const KeyTable& keys, std::string path)
      : table_{&table}, keys_{&keys}, path_{std::move(path)} {}

  [[nodiscard]] bool has(std::string_view key) const;  // written by the user
  [[nodiscard]] bool boolean(std::string_view key) const;
  [[nodiscard]] std::int64_t integer(std::string_view key) const;
  [[nodiscard]] double number(std::string_view key) const;
  [[nodiscard]] Duration duration(std::string_view key) const;
  [[nodiscard]] Bytes size(std::string_view key) const;
  [[nodiscard]] double rate(std::string_view key) const;
  /// Everything that is written as a text: patterns, choices, names, addresses; hex comes decoded.
  [[nodiscard]] std::string text(std::string_view key) const;
  [[nodiscard]] std::vector<std::string> texts(std::string_view key) const;
  /// The same, with nothing where the key is off (not written and without default).
  [[nodiscard]] std::optional<std::int64_t> maybe_integer(std::string_view key) const;
  [[nodiscard]] std::optional<Duration> maybe_duration(std::string_view key) const;
  [[nodiscard]] std::optional<double> maybe_rate(std::string_view key) const;
  [[nodiscard]] std::optional<std::string> maybe_text(std::string_view key) const;
  /// The table `key` ("dialog"), empty if not written.
  [[nodiscard]] OptionReader table(std::string_view key) const;
  /// The elements of the array of tables `key` ("steps", "upstreams"); an element written as a scalar has
  /// `scalar()`.
  [[nodiscard]] std::vector<OptionReader> elements(std::string_view key) const;
  /// This element's own text, where it was written as a scalar: "10.0.0.11:80" in `upstreams`.
  [[nodiscard]] std::optional<std::string> scalar() const;
  /// The names that the user chose below this table ("listeners").
  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] const Node& node() const { return *table_; }

  /// A mistake at the place of `key`, or of this table where it is not written.
  [[nodiscard]] Mistake mistake(std::string_view key, std::string what) const;

 private:
  [[nodiscard]] const Node* written(std::string_view key) const;
  [[nodiscard]] const Key& key(std::string_view key) const;
  /// What the user wrote, else the default, else an empty node.
  [[nodiscard]] Node effective(std::string_view key) const;

  const Node* table_;
  const KeyTable* keys_;
  std::string path_;
};

}  // namespace tcpctl::config
