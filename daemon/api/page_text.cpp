// SPDX-License-Identifier: Apache-2.0
#include "api/page_text.hpp"

namespace tcpctl::api {

const std::string_view kPageHead = R"html(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>tcpctl</title>
<link rel="icon" href="data:,">
)html";

const std::string_view kPageStyle = R"css(
:root { color-scheme: light dark; --line: #8884; --dim: #777; --good: #1a7f37; --bad: #cf222e; --wait: #9a6700; }
@media (prefers-color-scheme: dark) { :root { --dim: #999; --good: #3fb950; --bad: #f85149; --wait: #d29922; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1.5rem; font: 15px/1.45 system-ui, sans-serif; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 1.25rem; }
h1 { font-size: 1.5rem; margin: 0; }
h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
h2 span { color: var(--dim); font-weight: normal; }
#facts { color: var(--dim); }
#trouble { color: var(--bad); margin: .75rem 0 0; }
#trouble:empty { display: none; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .75rem .35rem 0; text-align: left; white-space: nowrap; border-bottom: 1px solid var(--line); }
th { color: var(--dim); font-weight: 600; font-size: .85rem; }
.number { text-align: right; }
.good { color: var(--good); }
.bad { color: var(--bad); }
.wait { color: var(--wait); }
.empty { color: var(--dim); }
)css";

const std::string_view kPageBody =
    R"html(<header><h1>tcpctl</h1><div id="facts" role="status">connecting</div></header>
<p id="trouble" role="alert"></p>
<main>
<section aria-labelledby="h-listeners"><h2 id="h-listeners">Listeners</h2><div class="scroll" id="listeners"></div></section>
<section aria-labelledby="h-clients"><h2 id="h-clients">Clients</h2><div class="scroll" id="clients"></div></section>
<section aria-labelledby="h-connections"><h2 id="h-connections">Connections <span id="shown"></span></h2><div class="scroll" id="connections"></div></section>
</main>
<noscript>This page needs its script; the same facts are at /v1/status, /v1/listeners, /v1/clients and /v1/connections.</noscript>
)html";

const std::string_view kPageScript = R"js(
"use strict";
const byId = (id) => document.getElementById(id);
const known = (value) => value === null || value === undefined ? "-" : String(value);
const bytes = (count) => {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (count >= 1000 && unit < units.length - 1) { count /= 1000; unit += 1; }
  return (unit === 0 ? count : count.toFixed(count < 10 ? 2 : 1)) + " " + units[unit];
};
const span = (seconds) => {
  if (seconds < 60) return seconds.toFixed(seconds < 10 ? 1 : 0) + " s";
  if (seconds < 3600) return Math.floor(seconds / 60) + " min";
  if (seconds < 86400) return Math.floor(seconds / 3600) + " h " + Math.floor(seconds % 3600 / 60) + " min";
  return Math.floor(seconds / 86400) + " d " + Math.floor(seconds % 86400 / 3600) + " h";
};
const good = ["up", "ESTABLISHED"];
const bad = ["failed", "down"];
const mood = (state) => good.includes(state) ? "good" : bad.includes(state) ? "bad" : "wait";

// Only textContent is ever set: names, errors and addresses stay text whatever is in them.
const cell = (tag, text, style) => {
  const element = document.createElement(tag);
  element.textContent = text;
  if (style) element.className = style;
  return element;
};
const table = (id, columns, rows) => {
  const place = byId(id);
  if (rows.length === 0) { place.replaceChildren(cell("p", "none", "empty")); return; }
  const element = document.createElement("table");
  const head = element.createTHead().insertRow();
  for (const [title, , style] of columns) {
    const th = cell("th", title, style === "number" ? style : "");
    th.scope = "col";
    head.append(th);
  }
  const body = element.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    for (const [, value, style] of columns) {
      line.append(cell("td", known(value(row)), typeof style === "function" ? style(row) : style));
    }
  }
  place.replaceChildren(element);
};
const ask = async (path) => {
  const reply = await fetch(path, {headers: {"Accept": "application/json"}});
  const json = await reply.json();
  if (!reply.ok) throw new Error(path + ": " + known(json.detail));
  return json;
};
const state = ["state", (row) => row.state, (row) => mood(row.state)];
const inOut = [["in", (row) => bytes(row.bytes_in_total), "number"], ["out", (row) => bytes(row.bytes_out_total), "number"]];

const draw = (status, listeners, clients, connections) => {
  const totals = status.totals;
  byId("facts").textContent = "version " + status.version + " · up " + span(status.uptime_seconds) + " · " +
    totals.connections_active + " connections open, " + totals.connections_total + " so far · " +
    bytes(totals.bytes_in_total) + " in, " + bytes(totals.bytes_out_total) + " out";
  table("listeners", [["name", (row) => row.name], state, ["service", (row) => row.service],
    ["addresses", (row) => row.addresses.map((address) => address.bound || address.configured).join(" ")],
    ["open", (row) => row.connections.active, "number"], ["accepted", (row) => row.connections.accepted_total, "number"],
    ["refused", (row) => Object.values(row.connections.refused_total).reduce((sum, n) => sum + n, 0), "number"],
    ...inOut, ["error", (row) => row.error]], listeners.items);
  table("clients", [["name", (row) => row.name], state, ["mode", (row) => row.mode], ["address", (row) => row.address],
    ["up", (row) => row.connections.up + "/" + row.connections.wanted, "number"],
    ["attempts", (row) => row.attempts_total, "number"], ...inOut,
    ["last failure", (row) => row.error || row.last_failure]], clients.items);
  byId("shown").textContent = connections.items.length < connections.total
    ? "(the newest " + connections.items.length + " of " + connections.total + ")" : "";
  table("connections", [["id", (row) => row.id], ["state", (row) => row.state, (row) => mood(row.state)],
    ["of", (row) => row.listener || row.client], ["local", (row) => row.local], ["remote", (row) => row.remote],
    ["age", (row) => span(row.age_ms / 1000), "number"], ["idle", (row) => span(row.idle_ms / 1000), "number"],
    ["in", (row) => bytes(row.bytes_in), "number"], ["out", (row) => bytes(row.bytes_out), "number"],
    ["rtt", (row) => row.tcp ? (row.tcp.rtt_us / 1000).toFixed(2) + " ms" : null, "number"]], connections.items);
};
const poll = async () => {
  try {
    if (!document.hidden) {
      draw(...await Promise.all(["/v1/status", "/v1/listeners?limit=1000", "/v1/clients?limit=1000",
        "/v1/connections?limit=50&sort=age"].map(ask)));
      byId("trouble").textContent = "";
    }
  } catch (error) {
    byId("trouble").textContent = "No answer from the daemon: " + error.message;
  }
  setTimeout(poll, 2000);
};
poll();
)js";

}  // namespace tcpctl::api
