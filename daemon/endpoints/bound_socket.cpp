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

// A family whose port 0 was given a free port shares it, so that "*:0" is one port as "*:7000" is.
void share_port(std::vector<Binding>& bindings, const Binding& first) {
  for (auto& other : bindings) {
    if (&other == &first || other.socket || other.configured != first.configured ||
        !other.configured.starts_with('*')) {
      continue;
    }
    if (other.address.family() == AF_INET6)
      other.address = Address::from(in6addr_any, first.socket->bound.port());
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

void bind_missing(std::vector<Binding>& bindings, const config::Listener& listener) {
  const tcp::ListenOptions options = listen_options(listener);
  for (auto& binding : bindings) {
    if (binding.socket) continue;
    if (binding.address.family() == AF_UNSPEC) {
      binding.error = binding.configured + ": systemd passed no socket of this name";
      continue;
    }
    auto fd = tcp::listen_on(binding.address, options);
    if (!fd) {
      binding.error = fd.error().what;
      continue;
    }
    const Address bound = tcp::local_address(fd->get());
    binding.socket = std::make_shared<const BoundSocket>(std::move(*fd), bound);
    binding.error.clear();
    if (binding.address.port() == 0 && !binding.address.is_unix()) share_port(bindings, binding);
  }
}

}  // namespace tcpctl
