// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "api/control.hpp"

/// One run of a probe as blackbox_exporter tells it, and a little more.
namespace tcpctl::api {

/// The text for Prometheus: the names and meanings of blackbox_exporter's prober `tcp`, in its order; and
/// under names of our own the result word, the failed step and the phases that happened.
/// Source: prober/tcp.go, prober/query_response.go and prober/handler.go of blackbox_exporter.
[[nodiscard]] std::string probe_metrics(const ControlPlane::ProbeAnswer& answer);

/// What happened, one line each, for people.
[[nodiscard]] std::string probe_log(const ControlPlane::ProbeAnswer& answer, std::string_view target);

/// FNV-1a of the address's bytes, without the port; 0 for none.
[[nodiscard]] std::uint32_t address_hash(const Address& address);

}  // namespace tcpctl::api
