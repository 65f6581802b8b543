#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A server that writes its body after its headers, nginx, a TLS server and one that speaks first
# see their checks end without a reset; one that sends without end is left.
. "$(dirname "$0")/../lib.sh"

lab up -b 2
lab nginx
cat >"$RUN/server" <<'EOT'
import socket, sys, threading, time
def serve_one(c, port, of):
    try:
        of(c)
        while c.recv(4096):
            pass
        print(port, "end", flush=True)
    except ConnectionError:
        print(port, "reset", flush=True)
    c.close()
def slow_body(c):
    c.recv(4096)
    c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n")
    time.sleep(0.03)
    c.sendall(b"20 bytes of a body.\n")
    c.shutdown(socket.SHUT_WR)
def speaks_first(c):
    time.sleep(0.03)
    c.sendall(b"220 mail.example.org\r\n")
def endless(c):
    c.recv(4096)
    c.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        c.sendall(65536 * b"x")
def serve(port, of):
    s = socket.socket()
    s.bind(("", port))
    s.listen(64)
    while True:
        c, _ = s.accept()
        serve_one(c, port, of)
for port, of in ((7001, slow_body), (7002, speaks_first), (7003, endless)):
    threading.Thread(target=serve, args=(port, of)).start()
EOT
on b1 python3 "$RUN/server" >"$RUN/ends" &
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$RUN/key" -out "$RUN/cert" -days 1 \
	-subj /CN=checks.example 2>/dev/null
on b1 openssl s_server -quiet -www -accept 7004 -cert "$RUN/cert" -key "$RUN/key" >/dev/null 2>&1 &
listening() { on b1 ss -Htln "sport = $1" | grep -q .; }
for port in 7001 7002 7003 7004; do
	wait_for listening $port
done

service() { # NAME CHECK [PORT]
	cat <<EOT
  $1:
    vip: $VIP4:$3/tcp
    mode: nat
    check: {type: $2, port: $3, interval: 200ms, timeout: 150ms}
    backends: {b1: $(lab address b1)}
EOT
}
config <<EOT
interfaces: [eth0, eth1]
services:
$(service body http 7001)
$(service first tcp 7002)
$(service endless http 7003)
$(service tls https 7004)
  nginx:
    vip: $VIP4:80/tcp
    mode: nat
    check: {type: http, interval: 200ms, timeout: 150ms}
    backends: {b2: $(lab address b2)}
EOT
resets() { # HOST: connections that were reset
	on "$1" awk '/^Tcp: [0-9]/ { print $9 }' /proc/net/snmp	# EstabResets
}
before=$(resets b2)
start

ends() { # PORT TEXT
	grep -c "^$1 $2" "$RUN/ends" || true
}
several() { [ "$(ends "$1" "$2")" -ge 5 ]; }
wait_for several 7001 end
wait_for several 7002 end
wait_for several 7003 reset
equal "resets of a body that follows" "$(ends 7001 reset)" 0
equal "resets of a greeting that follows" "$(ends 7002 reset)" 0
equal "resets at nginx" "$(($(resets b2) - before))" 0
for name in body first endless tls nginx; do
	equal "$name" "$(xring --json backend list $name | jq -r '.[0].health')" up
done

echo "the daemon keeps no descriptor of them"
connections() { lb ss -Htnp state connected | grep -c "pid=$(daemon_pid)" || true; }
few() { [ "$(connections)" -lt 10 ]; }
wait_for few
