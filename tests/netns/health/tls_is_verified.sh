#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# https checks of an nginx that verify: the right authority and name, others, and names that are
# asked for beside the Host header; a file of authorities that is not there is refused.
. "$(dirname "$0")/../lib.sh"

lab up -b 1
authority() { # NAME
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$RUN/$1.key" -out "$RUN/$1.pem" -days 2 \
		-subj "/CN=$1" 2>/dev/null
}
certificate() { # AUTHORITY NAME [OPTION OF x509...]
	openssl req -new -newkey rsa:2048 -nodes -keyout "$RUN/$2.key" -subj "/CN=$2" 2>/dev/null |
		openssl x509 -req -CA "$RUN/$1.pem" -CAkey "$RUN/$1.key" -CAcreateserial -days 1 \
			-extfile <(echo "subjectAltName=DNS:$2") -out "$RUN/$2.pem" 2>/dev/null
}
authority ours
authority others
certificate ours www.example.org
certificate ours api.example.org
server() { # NAME: answers 200 to the Host it has, by the certificate of that name
	echo "server {
		listen 443 ssl;
		server_name $1;
		ssl_certificate $RUN/$1.pem;
		ssl_certificate_key $RUN/$1.key;
		location / { return 200; }
		location /host { if (\$http_host = backend.internal:8443) { return 204; } return 404; }
	}"
}
mkdir -p "$RUN/tls"
cat >"$RUN/tls/nginx.conf" <<EOT
worker_processes 1;
pid $RUN/tls/pid;
error_log $RUN/tls/error.log;
events {}
http {
	access_log off;
	$(server www.example.org)
	$(server api.example.org)
}
EOT
on b1 "$(command -v nginx || echo /usr/sbin/nginx)" -c "$RUN/tls/nginx.conf" -e "$RUN/tls/error.log"

check() { echo "{type: https, interval: 200ms, timeout: 190ms, fall: 1, rise: 1, $1}"; }
config <<EOT
interfaces: [eth0, eth1]
services:
  web:
    vip: $VIP4:443/tcp
    mode: nat
    check: $(check "host: www.example.org, verify: true, ca: $RUN/ours.pem")
    backends: {b1: $(lab address b1)}
EOT
start
state() { xring --json backend list web | jq -r '.[0] | "\(.health) \(.why)"'; }
wait_for equals "up HTTP 200" state
becomes() { # CHECK STATE
	xring service set web --check "https,interval=200ms,timeout=190ms,fall=1,rise=1,$1" --now
	like() { [[ $(state) == $2* ]]; }
	wait_for like "$@"
}
becomes "host=www.example.org,verify=true,ca=$RUN/others.pem" "down TLS: unable to get local issuer"
becomes "host=www.example.org" "up HTTP 200"
becomes "host=www.example.org,verify=true" "down TLS: unable to get local issuer"
becomes "host=api.example.org,verify=true,ca=$RUN/ours.pem" "up HTTP 200"
becomes "host=other.example.org,verify=true,ca=$RUN/ours.pem" \
	"down TLS: no alternative certificate subject name matches target host name 'other.example.org'"
becomes "path=/host,host=backend.internal:8443,sni=api.example.org,expect=204,verify=true,ca=$RUN/ours.pem" \
	"up HTTP 204"
equal "in JSON" "$(xring --json service show web | jq -c '.check | [.verify, .ca, .sni]')" \
	"[true,\"$RUN/ours.pem\",\"api.example.org\"]"
xring save "$RUN/xring.yaml"
grep -q "sni: api.example.org" "$RUN/xring.yaml" || fail "not saved: $(cat "$RUN/xring.yaml")"

echo "an authority that goes is nobody's fault"
mv "$RUN/ours.pem" "$RUN/gone.pem"
becomes "host=www.example.org" "up HTTP 200"
fails 1 "service web: check ca $RUN/ours.pem: No such file" \
	xring service set web --check "https,verify=true,ca=$RUN/ours.pem" --now
fails 2 "service web: check ca $RUN/ours.pem: No such file" \
	"$BUILD/xringd" --check -f "$RUN/xring.yaml"
equal "what it was" "$(xring --json service show web | jq -r .check.verify)" false
