// SPDX-License-Identifier: Apache-2.0
#include "api/access.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include "api/host.hpp"
#include "api/token_source.hpp"
#include "base/log.hpp"

namespace tcpctl::api {
namespace {

constexpr const char* kAdminGroup = "tcpctl";
constexpr std::size_t kNssBuffer = std::size_t{64} * 1024;  // a group can have very many members

std::optional<uid_t> find_user(const std::string& name) {
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(kNssBuffer);
  if (::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return std::nullopt;
  }
  return entry.pw_uid;
}

std::optional<std::string> user_name(uid_t uid) {
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(kNssBuffer);
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return std::nullopt;
  }
  return entry.pw_name;
}

/// The token of "Authorization: Bearer TOKEN"; the scheme's case does not matter (RFC 9110 section 11.1).
std::optional<std::string_view> bearer(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() <= kScheme.size()) return std::nullopt;
  if (lower_case(authorization.substr(0, kScheme.size())) != kScheme) return std::nullopt;
  return authorization.substr(kScheme.size());
}

}  // namespace

std::optional<gid_t> find_group(const std::string& name) {
  group entry{};
  group* found = nullptr;
  std::vector<char> buffer(kNssBuffer);
  if (::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return std::nullopt;
  }
  return entry.gr_gid;
}

Result<Access> Access::make(const AccessOptions& options) {
  Access access;
  const auto anonymous = parse_role(options.anonymous);
  if (!anonymous || *anonymous > Role::read) {
    return fail(Errc::invalid_argument,
                fmt::format("anonymous '{}' is neither read nor none", options.anonymous));
  }
  access.anonymous_ = *anonymous;
  access.own_uid_ = ::geteuid();
  access.know_users();
  access.admin_group_ = find_group(kAdminGroup);
  if (auto resolved = access.resolve_roles(options.roles); !resolved) {
    return tl::make_unexpected(std::move(resolved).error());
  }
  for (const auto& token : options.tokens) {
    const auto role = parse_role(token.role);
    if (!role || *role == Role::none) {
      return fail(Errc::invalid_argument, fmt::format("token '{}': role '{}' is none of read, operate, admin",
                                                      token.name, token.role));
    }
    auto digest = token_digest(token);
    if (!digest) {
      return tl::make_unexpected(std::move(digest).error().within(fmt::format("token '{}'", token.name)));
    }
    access.tokens_.push_back({token.name, *role, *digest});
  }
  for (const auto& host : options.allowed_hosts) {  // with a port or without: the port is not compared
    access.allowed_hosts_.push_back(host_name(host).value_or(lower_case(host)));
  }
  access.metrics_allow_ = options.metrics_allow;
  return access;
}

void Access::know_users() {
  names_.emplace(0, "root");
  if (const auto own = user_name(own_uid_)) names_.emplace(own_uid_, *own);
}

Result<void> Access::resolve_roles(const std::map<std::string, std::string>& roles) {
  for (const auto& [who, word] : roles) {
    const auto role = parse_role(word);
    if (!role) return fail(Errc::invalid_argument, fmt::format("role '{}' of '{}' is unknown", word, who));
    const auto colon = who.find(':');
    const auto kind = who.substr(0, colon);
    if (colon == std::string::npos || (kind != "user" && kind != "group")) {
      return fail(Errc::invalid_argument, fmt::format("'{}' is neither user:NAME nor group:NAME", who));
    }
    const auto name = who.substr(colon + 1);
    const auto id = kind == "user" ? find_user(name) : find_group(name);
    if (!id) {
      log::warn("api.role.ignored", log::f("who", who), log::f("role", word),
                log::f("why", "there is no such " + kind));
      continue;
    }
    (kind == "user" ? users_ : groups_).emplace(*id, *role);
    if (kind == "user") names_.emplace(*id, name);
  }
  return {};
}

Role Access::role_of(const Peer& peer) const {
  std::optional<Role> explicit_role;
  const auto consider = [&](const auto& roles, auto id) {
    const auto found = roles.find(id);
    if (found != roles.end()) explicit_role = std::max(explicit_role.value_or(Role::none), found->second);
  };
  consider(users_, peer.uid);
  for (const auto gid : peer.groups) consider(groups_, gid);
  if (explicit_role) return *explicit_role;

  const bool in_admin_group = admin_group_ && std::ranges::count(peer.groups, *admin_group_) > 0;
  return peer.uid == 0 || peer.uid == own_uid_ || in_admin_group ? Role::admin : Role::none;
}

Access::Caller Access::identify(const Peer& peer, const HttpRequest& request) const {
  if (peer.door == Door::unix_socket) {
    const auto known = names_.find(peer.uid);
    return {role_of(peer), fmt::format("uid:{}", peer.uid), known == names_.end() ? "" : known->second,
            peer.pid, Caller::Token::none};
  }
  const auto anonymous = "anonymous:" + peer.remote.host();
  // The metrics listener serves its few paths to the addresses that may connect, and takes no token.
  if (peer.door == Door::metrics) return {Role::read, anonymous, {}, 0, Caller::Token::none};
  const auto authorization = request.header("authorization");
  if (!authorization) return {anonymous_, anonymous, {}, 0, Caller::Token::none};

  const auto token = bearer(*authorization);
  const auto match = token ? match_all(tokens_, sha256(*token)) : std::nullopt;
  if (!match) return {Role::none, anonymous, {}, 0, Caller::Token::unknown};
  const Token& known = tokens_[*match];
  return {std::max(known.role, anonymous_), "token:" + known.name, {}, 0, Caller::Token::known};
}

std::optional<Problem> Access::refusal(const Caller& caller, Door door, Role needed) const {
  if (caller.role >= needed) return std::nullopt;
  if (caller.token == Caller::Token::unknown) return Problem{401, "the token is not known here", {}};
  if (door == Door::http && caller.token == Caller::Token::none) {
    return Problem{401, fmt::format("this takes a token with the role {}", text(needed)), {}};
  }
  return Problem{
      403,
      fmt::format("this takes the role {}, and {} has {}", text(needed), caller.who, text(caller.role)),
      {}};
}

bool Access::is_own_host(std::string_view host, Door door) const {
  const auto name = host_name(host);
  if (!name) return false;
  if (is_loopback_name(*name) || std::ranges::count(allowed_hosts_, *name) > 0) return true;
  // Rebinding needs a name. The metrics listener is asked from elsewhere by its address.
  return door == Door::metrics && is_ip_literal(*name);
}

std::optional<Problem> Access::check_origin(const Peer& peer, const HttpRequest& request) const {
  const auto host = request.header("host").value_or("");
  if (!is_own_host(host, peer.door)) {
    return Problem{421, "Host is not a name of this daemon; add it to api.allowed_hosts if it should be", {}};
  }
  const auto origin = request.header("origin");
  if (origin && !is_same_origin(*origin, host)) {
    return Problem{403, "requests from pages of another origin are not served", {}};
  }
  return std::nullopt;
}

bool Access::serves_metrics_to(const Address& address) const {
  return std::ranges::any_of(metrics_allow_,
                             [&](const Network& network) { return network.contains(address); });
}

}  // namespace tcpctl::api
