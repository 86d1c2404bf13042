// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/digest.hpp"
#include "api/http_request.hpp"
#include "api/options.hpp"
#include "api/reply.hpp"
#include "api/schema.hpp"
#include "base/error.hpp"

namespace tcpctl::api {

/// Who may do what, with all names resolved: immutable, made anew by a reload.
///
/// On the Unix socket root, the daemon's own user and the group `tcpctl` are admin; entries of `roles` for
/// the caller's user or groups take the place of that, the highest of them. On loopback HTTP everybody has
/// the anonymous role, and the bearer of a token that token's role if it is higher.
/// Threads: const after `make`; share it.
class Access {
 public:
  /// Looks up users and groups and reads token files, so it may block: main thread only.
  /// Unknown users and groups are logged and grant nothing.
  /// Errors: invalid_argument for a wrong role or token, io and denied for a token's file.
  [[nodiscard]] static Result<Access> make(const AccessOptions& options);

  /// Who asks, as the log names it: "uid:1000", "token:ci", "anonymous:127.0.0.1".
  struct Caller {
    Role role{Role::none};
    std::string who;
    std::string user;  // the name of its uid; "" where only a look-up could tell, which may take its time
    pid_t pid{0};      // of its process, on the Unix socket; 0 = not known
    enum class Token : std::uint8_t { none, unknown, known } token{Token::none};
  };
  [[nodiscard]] Caller identify(const Peer& peer, const HttpRequest& request) const;

  /// May this caller use a route of `needed`? 401 where a token could help, 403 where not.
  [[nodiscard]] std::optional<Problem> refusal(const Caller& caller, Door door, Role needed) const;

  /// 421 for a foreign Host, 403 for a foreign Origin: against DNS rebinding and other sites' pages.
  [[nodiscard]] std::optional<Problem> check_origin(const Peer& peer, const HttpRequest& request) const;

  [[nodiscard]] bool serves_metrics_to(const Address& address) const;

  friend bool operator==(const Access&, const Access&) = default;

 private:
  struct Token {
    std::string name;
    Role role;
    Sha256 digest;
    friend bool operator==(const Token&, const Token&) = default;
  };

  void know_users();
  Result<void> resolve_roles(const std::map<std::string, std::string>& roles);
  [[nodiscard]] Role role_of(const Peer& peer) const;
  [[nodiscard]] bool is_own_host(std::string_view host, Door door) const;

  Role anonymous_{Role::read};
  uid_t own_uid_{0};
  std::optional<gid_t> admin_group_;
  std::map<uid_t, Role> users_;
  std::map<uid_t, std::string> names_;  // root's, the daemon's own, and those of the users with a role
  std::map<gid_t, Role> groups_;
  std::vector<Token> tokens_;
  std::vector<std::string> allowed_hosts_;  // lower case, without brackets
  std::vector<Network> metrics_allow_;
};

/// The gid of `name`, if there is such a group. May block in NSS.
[[nodiscard]] std::optional<gid_t> find_group(const std::string& name);

}  // namespace tcpctl::api
