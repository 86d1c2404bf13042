// SPDX-License-Identifier: Apache-2.0
#include "endpoints/bound_socket.hpp"

#include <utility>

#include <sys/socket.h>
#include <unistd.h>

#include "base/log.hpp"
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

}  // namespace

BoundSocket::~BoundSocket() {
  if (bound.is_unix() && !bound.host().empty()) ::unlink(bound.host().c_str());
}

std::vector<Binding> bindings_of(const config::Listener& listener) {
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
        bindings.push_back(unbound(configured, {}));
        break;
    }
  }
  return bindings;
}

void adopt_options(const BoundSocket& socket, const config::Listener& listener) {
  const tcp::ListenOptions options = listen_options(listener);
  const auto done = socket.bound.is_unix() ? tcp::set_unix_rights(socket.bound.host(), options)
                                           : tcp::apply(options.inherited, socket.fd.get());
  if (!done)
    log::warn("listener.option", log::f("listener", listener.name), log::f("error", done.error().what));
  ::listen(socket.fd.get(), options.backlog);
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
      binding.error = binding.configured + ": systemd passed no socket of this name";
    } else if (!binding.socket) {
      bind_one(binding, binding.address, options, listen_on);
    }
  }
}

}  // namespace tcpctl
