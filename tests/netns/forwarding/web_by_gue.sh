#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Web requests by UDP tunnels (mode gue) of each family in each, of both variants, with checks that go
# the same way; the variant changes while connections live.
. "$(dirname "$0")/../lib.sh"

lab up -b 4
lab nginx
lab vip
lab decap
every=$((200 * ${XRING_PATIENCE:-1}))	# ms; on a slow machine checks are not all that it does
service() { # NAME PORT MORE
	cat <<-EOT
	  $1:
	    vip: [$VIP4:$2/tcp, "[$VIP6]:$2/tcp"]
	    mode: gue
	    check: {type: http, via: vip, interval: ${every}ms, timeout: $((every - 10))ms}
	    $3
	    backends:
	      b1: $(lab address b1)
	      b2: $(lab address b2)
	      b3: "$(lab address b3 6)"
	      b4: "$(lab address b4 6)"
	EOT
}
config <<EOT
interfaces: [eth0]
gue: {variant: 0}
services:
$(service web 80 "gue: {variant: 1}")
$(service other 8080 "")
EOT
# The source of a check by a tunnel of the other family is that of the route to the VIP.
lb ip route add default via "$(lab address client)"
lb ip -6 route add default via "$(lab address client 6)"
start
wait_for resolved
all_up() { [ "$(xring --json backend list | jq '[.[] | select(.health == "up")] | length')" = 8 ]; }
wait_for all_up

# Whom do packets of the second service reach?
serves() { # VIP N FIRST-PORT
	local host=$1 port seen=""
	[[ $1 == *:* ]] && host="[$1]"
	for ((port = $3; port < $3 + $2; port++)); do
		got=$(client curl -sS -m 5 --local-port $port "http://$host:8080/") ||
			fail "no answer from $1, port $port"
		equal "backend of $1, port $port" "$got" "$(owner other "$1" $port 8080)"
		[[ " $seen " == *" $got "* ]] || seen="$seen $got"
	done
	equal "backends of $1" "$(wc -w <<<"$seen")" 4
}
follows_ring web $VIP4 40 20000
follows_ring web $VIP6 40 21000
serves $VIP4 40 22000
serves $VIP6 40 23000

# Uploads fill whole packets, and one that lives through a change of the variant arrives.
head -c 3000000 /dev/zero >"$RUN/upload"
upload() { # OPTION...
	client curl -sS -m 30 -o /dev/null -w '%{http_code}' -H 'Expect:' "$@" \
		--data-binary "@$RUN/upload" "http://$VIP4/upload"
}
equal "an upload" "$(upload)" 200
upload --limit-rate 1M >"$RUN/slow" &
slow=$!
xring service set web --gue variant=0
xring service set web --gue variant=1,port=6080
xring service set web --gue variant=default
equal "what is shown" "$(xring --json service show web | jq -c .gue)" '{"variant":"default","port":6080}'
wait $slow
equal "an upload through changes" "$(cat "$RUN/slow")" 200
follows_ring web $VIP6 20 24000

# On another port nobody unwraps them: the checks, which go the same way, say so.
xring service set web --gue port=6081
web_is() { [ "$(xring --json backend list web | jq "[.[] | select(.health == \"$1\")] | length")" = 4 ]; }
wait_for web_is down
for b in b1 b2 b3 b4; do
	on $b ip link set eth0 xdp off
	on $b "$BUILD/xring-backend" attach eth0 --gue 6081 --vip "$VIP4,$VIP6" \
		--balancer "$(lab address lb),$(lab address lb 6)" >/dev/null
done
wait_for web_is up
follows_ring web $VIP4 20 25000
fails 2 "gue port 0: want 1 to 65535, or default" xring service set web --gue port=0
fails 2 "want a port, 1 to 65535, or none" on b1 "$BUILD/xring-backend" attach eth0 --gue 0 \
	--vip $VIP4 --balancer 10.0.0.0/8
