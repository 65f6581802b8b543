#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The partition keys: which requests of which clients must meet on one backend, and do.
. "$(dirname "$0")/../lib.sh"

lab up -b 4
lab nginx
lab vip
lab decap
addresses4=(10.1.7.1 10.1.7.2 10.1.7.77 10.1.8.1 10.1.9.1 10.1.10.1)
addresses6=(fd00:1::700:1 fd00:1::700:2 fd00:1::800:1 fd00:1::900:1 fd00:1::a00:1 fd00:1::b00:1)
for address in "${addresses4[@]}"; do
	client ip addr add "$address/16" dev eth0
done
for address in "${addresses6[@]}"; do
	client ip addr add "$address/64" dev eth0 nodad
done

config <<EOT
interfaces: [eth0]
services:
  web:
    vip: [$VIP4:80/tcp, $VIP4:8080/tcp, "[$VIP6]:80/tcp"]
    mode: ipip
    key: client
    backends:
      b1: $(lab address b1)
      b2: $(lab address b2)
      b3: $(lab address b3)
      b4: $(lab address b4)
EOT
start
wait_for resolved

from=20000
get() { # SOURCE VIP VIP-PORT SOURCE-PORT
	local host=$2
	[[ $2 == *:* ]] && host="[$2]"
	client curl -sS -m 5 --interface "$1" --local-port "$4" "http://$host:$3/"
}

check() { # KEY SOURCE VIP VIP-PORT
	local got
	from=$((from + 1))
	got=$(get "$2" "$3" "$4" $from)
	equal "backend of $2 port $from to $3:$4" "$got" "$(ring_owner web "$1")"
	[[ " $seen " == *" $got "* ]] || seen="$seen $got"
}

many() { # at least two backends were seen
	[ "$(wc -w <<<"$seen")" -gt 1 ] || fail "$1: all requests went to$seen"
}

seen=""
for address in "${addresses4[@]}"; do
	check "$address" "$address" $VIP4 80
	check "$address" "$address" $VIP4 80
	check "$address" "$address" $VIP4 8080
done
for address in "${addresses6[@]}"; do
	check "$address" "$address" $VIP6 80
done
many client

fails 1 "want --cut" xring service set web --key client-prefix/24,96
xring service set web --key client-prefix/24,96 --cut --now
seen=""
for address in "${addresses4[@]}"; do
	check "${address%.*}.0/24" "$address" $VIP4 80
done
for address in "${addresses6[@]}"; do
	check "fd00:1::/96" "$address" $VIP6 80
done
many client-prefix

# A /112 of IPv6 tells those clients apart.
xring service set web --key client-prefix/16,112 --cut --now
seen=""
for address in "${addresses6[@]}"; do
	check "${address%:*}:0/112" "$address" $VIP6 80
done
many client-prefix
for address in "${addresses4[@]}"; do
	check 10.1.0.0/16 "$address" $VIP4 80
done

# A port of a client leads to one backend, whichever VIP it asks.
xring service set web --key client-port --cut --now
seen=""
for address in "${addresses4[@]}"; do
	check "$address:$((from + 1))" "$address" $VIP4 80
	check "$address:$((from + 1))" "$address" $VIP4 8080
done
for address in "${addresses6[@]}"; do
	check "[$address]:$((from + 1))" "$address" $VIP6 80
done
many client-port
fails 2 "" xring ring lookup web 10.1.7.1
