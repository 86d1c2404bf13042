// SPDX-License-Identifier: Apache-2.0
#include "endpoints/bound_socket.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "endpoints/plan.hpp"
#include "tcp/socket.hpp"

namespace tcpctl {
namespace {

Binding unbound(const ListenAddress& configured, Address address) {
  return {configured.text(), std::move(address), nullptr, {}};
}

constexpr int kPortTries = 16;

bool is_free_port_of_all(const Binding& binding) {
  return binding.configured.starts_with('*') && binding.address.port() == 0;
}

bool is_unspecified(const Address& address) {
  return address == Address::from(in_addr{INADDR_ANY}, address.port()) ||
         address == Address::from(in6addr_any, address.port());
}

void add_passed(std::vector<Binding>& bindings, const ListenAddress& configured,
                const PassedSockets& passed) {
  const auto found = passed.find(configured.name);
  if (found == passed.end()) {
    bindings.push_back(unbound(configured, {}));
    return;
  }
  for (const auto& socket : found->second) bindings.push_back({configured.text(), socket->bound, socket, {}});
}

/// Written alike, or where the socket is, however that is written.
bool is_same_place(const Binding& held, const Binding& wanted) {
  const bool is_alike =
      held.configured == wanted.configured && held.address.family() == wanted.address.family();
  return is_alike || held.socket->bound == wanted.address;
}

/// The kernel lets only one of them listen.
bool overlap(const Address& one, const Address& other) {
  if (one.is_unix() || one.family() != other.family() || one.port() != other.port()) return one == other;
  return one == other || is_unspecified(one) || is_unspecified(other);
}

/// Binds `binding` to `address`, or notes why not. Answers whether the address is in use.
bool bind_one(Binding& binding, const Address& address, const tcp::ListenOptions& options,
              const ListenOn& listen_on) {
  auto fd = listen_on(address, options);
  if (!fd) {
    binding.error = fd.error().what;
    return fd.error().code == Errc::already_exists;
  }
  const Address bound = tcp::local_address(fd->get());
  binding.socket = std::make_shared<const BoundSocket>(std::move(*fd), bound);
  binding.error.clear();
  return false;
}

/// Binds both families of one "*:0", so that it is one port as "*:7000" is: the kernel chooses for IPv4, and
/// what it chose is given back where IPv6 has it in use. A socket of an earlier pass stays, whatever becomes
/// of the other.
void bind_pair(Binding& v4, Binding& v6, const tcp::ListenOptions& options, const ListenOn& listen_on) {
  const bool had_v4 = v4.socket != nullptr;
  for (int i = 0; i < kPortTries && !v6.socket; ++i) {
    if (!v4.socket) bind_one(v4, v4.address, options, listen_on);
    if (!v4.socket) return;
    const bool in_use = bind_one(v6, Address::from(in6addr_any, v4.socket->bound.port()), options, listen_on);
    if (!in_use || had_v4) return;
    v4.socket = nullptr;
    v4.error = v6.error;
  }
}

/// What tcp::bind_to would say. A Unix socket is not bound, since that would replace its file.
Result<Fd> try_on(const Address& address, const tcp::ListenOptions& options) {
  if (!address.is_unix()) return tcp::bind_to(address, options);
  if (auto done = tcp::try_unix_path(address, options); !done)
    return tl::make_unexpected(std::move(done).error());
  return Fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
}

Result<void> change_options(const BoundSocket& socket, const tcp::ListenOptions& wanted,
                            const tcp::ListenOptions& had) {
  Result<void> done;
  if (!socket.bound.is_unix()) {
    if (wanted.inherited != had.inherited) done = tcp::apply_anew(wanted.inherited, socket.fd.get());
  } else if (std::tie(wanted.unix_mode, wanted.unix_group) != std::tie(had.unix_mode, had.unix_group)) {
    done = socket.has_its_place()
               ? tcp::reset_unix_rights(socket.bound.host(), wanted)
               : fail(Errc::io, fmt::format("{}: its file is gone, or another's", socket.bound.text()));
  }
  if (done && wanted.backlog != had.backlog) ::listen(socket.fd.get(), wanted.backlog);
  return done;
}

}  // namespace

BoundSocket::BoundSocket(Fd socket, Address address, Origin origin)
    : fd{std::move(socket)}, bound{std::move(address)}, origin_{origin}, file_{file_there()} {}

BoundSocket::~BoundSocket() {
  if (!is_passed() && !left_behind_ && file_ && has_its_place()) ::unlink(bound.host().c_str());
}

bool BoundSocket::has_its_place() const { return file_there() == file_; }

std::optional<BoundSocket::FileId> BoundSocket::file_there() const {
  struct stat status{};
  if (!bound.is_unix() || bound.host().empty() || ::lstat(bound.host().c_str(), &status) != 0)
    return std::nullopt;
  return FileId{status.st_dev, status.st_ino};
}

std::vector<Binding> bindings_of(const config::Listener& listener, const PassedSockets& passed) {
  std::vector<Binding> bindings;
  for (const auto& configured : listener.listen) {
    switch (configured.kind) {
      case ListenAddress::Kind::literal:
      case ListenAddress::Kind::unix_path:
        bindings.push_back(unbound(configured, configured.address));
        break;
      case ListenAddress::Kind::any:
        bindings.push_back(unbound(configured, Address::from(in_addr{INADDR_ANY}, configured.port)));
        bindings.push_back(unbound(configured, Address::from(in6addr_any, configured.port)));
        break;
      case ListenAddress::Kind::systemd:
        add_passed(bindings, configured, passed);
        break;
    }
  }
  return bindings;
}

std::vector<Binding> take_over(std::vector<Binding>& wanted, std::vector<Binding> held) {
  std::erase_if(held, [](const Binding& binding) { return binding.socket == nullptr; });
  for (auto& binding : wanted) {
    if (binding.socket) {
      std::erase_if(held, [&](const Binding& other) { return other.socket == binding.socket; });
      continue;
    }
    const auto same =
        std::ranges::find_if(held, [&](const Binding& other) { return is_same_place(other, binding); });
    if (same == held.end()) continue;
    binding.socket = same->socket;
    held.erase(same);
  }
  return held;
}

bool all_bound(const std::vector<Binding>& bindings) {
  return std::ranges::all_of(bindings, [](const Binding& binding) { return binding.socket != nullptr; });
}

std::string errors_of(const std::vector<Binding>& bindings) {
  std::string errors;
  for (const auto& binding : bindings) {
    if (binding.socket || binding.error.empty()) continue;
    if (!errors.empty()) errors += "; ";
    errors += binding.error;
  }
  return errors;
}

Result<void> try_to_bind(const config::Listener& listener, const std::vector<Binding>& held,
                         const PassedSockets& passed) {
  auto wanted = bindings_of(listener, passed);
  const auto unwanted = take_over(wanted, held);
  for (const auto& binding : wanted) {
    if (!binding.socket) continue;
    if (auto done = tcp::try_options(binding.address.family(), listen_options(listener)); !done)
      return fail(Errc::conflict, done.error().what);
  }
  bind_missing(wanted, listener, try_on);
  if (all_bound(wanted) || only_waits_for(wanted, unwanted)) return {};
  return fail(Errc::conflict, errors_of(wanted));
}

bool only_waits_for(const std::vector<Binding>& wanted, const std::vector<Binding>& unwanted) {
  return std::ranges::all_of(wanted, [&](const Binding& one) {
    const auto is_in_the_way = [&](const Binding& held) { return overlap(one.address, held.socket->bound); };
    return one.socket || std::ranges::any_of(unwanted, is_in_the_way);
  });
}

Result<void> adopt_options(const std::vector<Binding>& bindings, const config::Listener& listener,
                           const config::Listener& before) {
  const tcp::ListenOptions wanted = listen_options(listener), had = listen_options(before);
  for (const auto& binding : bindings) {
    if (!binding.socket) continue;
    auto done = change_options(*binding.socket, wanted, had);
    if (done) continue;
    for (const auto& changed : bindings) {
      // What it had before it can have again.
      if (changed.socket) static_cast<void>(change_options(*changed.socket, had, wanted));
    }
    return fail(Errc::conflict, std::move(done).error().what);
  }
  return {};
}

void bind_missing(std::vector<Binding>& bindings, const config::Listener& listener,
                  const ListenOn& listen_on) {
  const tcp::ListenOptions options = listen_options(listener);
  for (std::size_t i = 0; i < bindings.size(); ++i) {
    Binding& binding = bindings[i];
    if (is_free_port_of_all(binding)) {
      bind_pair(binding, bindings[i + 1], options, listen_on);  // `bindings_of` puts them side by side
      ++i;
    } else if (binding.address.family() == AF_UNSPEC && !binding.socket) {
      binding.error =
          binding.configured + ": systemd passed no socket of this name; is its socket unit active?";
    } else if (!binding.socket) {
      bind_one(binding, binding.address, options, listen_on);
    }
  }
}

}  // namespace tcpctl
