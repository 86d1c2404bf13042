# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The configuration of script/demo: that of etc/, moved to a free port, and endpoints of every kind beside it.

# usage: write_configuration FOLDER; the ports are in the variables below.
# shellcheck disable=SC2154 # script/demo sets the ports
write_configuration() {
  local folder=$1
  mkdir -p "$folder/conf.d"
  sed "s/:6000\"/:$dialog_port\"/g" etc/tcpctld.toml >"$folder/tcpctld.toml"
  cat >"$folder/conf.d/demo.toml" <<EOF
[daemon]
state = "$folder/state"

[api]
socket = "$folder/api.sock"
http = "127.0.0.1:$http_port"

[listeners.demo-echo]
listen = ["127.0.0.1:$echo_port"]
service = "echo"

[listeners.demo-discard]
listen = ["127.0.0.1:$discard_port"]
service = "discard"

[listeners.demo-chargen]
listen = ["127.0.0.1:$chargen_port"]
service = "chargen"

[listeners.demo-daytime]
listen = ["127.0.0.1:$daytime_port"]
service = "daytime"

[listeners.demo-time]
listen = ["127.0.0.1:$time_port"]
service = "time"

[listeners.demo-dialog]
listen = ["127.0.0.1:$greeter_port", "unix:$folder/dialog.sock"]
service = "dialog"
idle_timeout = "5m"
dialog = { greeting = "Welcome!\n", reply = "Hello, {line}!\n", quit = "exit" }

# The second upstream refuses, so every other connection shows how the next one is tried.
[listeners.demo-web]
listen = ["127.0.0.1:$web_port"]
service = "forward"
forward = { upstreams = ["127.0.0.1:$site_port", { name = "closed", address = "127.0.0.1:$closed_port" }] }

[clients.demo-feed]
connect = "127.0.0.1:$feed_port"
mode = "keep"

[clients.demo-site-check]
connect = "127.0.0.1:$site_port"
mode = "probe"
interval = "2s"
timeout = "1s"
steps = [{ send = "GET / HTTP/1.0\r\n\r\n" }, { expect = "^HTTP/1\\\\.[01] 200 " }]
EOF
}

# A listener more, for the reload.
write_addition() {
  cat >"$1/conf.d/later.toml" <<EOF
[listeners.demo-later]
listen = ["127.0.0.1:$later_port"]
service = "echo"
EOF
}

# Two mistakes, for the check.
write_mistakes() {
  cat >"$1" <<'EOF'
[listeners.web]
listen = ["127.0.0.1:99999"]
service = "echo"
max_conections = 10
EOF
}
